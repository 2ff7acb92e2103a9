//! Opus in Ogg (RFC 7845), reading and writing.

use super::{AudioClip, AudioPacket, Fault, SAMPLE_RATE, packet_samples};
use ogg::writing::PacketWriteEndInfo;
use ogg::{PacketReader, PacketWriter};
use std::io::{Cursor, Write};

pub fn read(bytes: Vec<u8>) -> Result<AudioClip, Fault> {
    if !bytes.starts_with(b"OggS") {
        return Err(Fault::UnknownFormat);
    }
    let mut reader = PacketReader::new(Cursor::new(bytes));
    let head = next(&mut reader)?.ok_or(Fault::Empty)?;
    let channels = channels(&head)?;
    next(&mut reader)?.ok_or(Fault::Damaged("Opus comment header"))?;
    let mut packets = Vec::new();
    while let Some(data) = next(&mut reader)? {
        let samples = packet_samples(&data).ok_or(Fault::Damaged("Opus packet"))?;
        packets.push(AudioPacket { samples, data: data.into() });
    }
    if packets.is_empty() { Err(Fault::Empty) } else { Ok(AudioClip { channels, packets }) }
}

fn next(reader: &mut PacketReader<Cursor<Vec<u8>>>) -> Result<Option<Vec<u8>>, Fault> {
    let packet = reader.read_packet().map_err(|_| Fault::Damaged("Ogg page"))?;
    Ok(packet.map(|packet| packet.data))
}

fn channels(head: &[u8]) -> Result<u8, Fault> {
    if !head.starts_with(b"OpusHead") {
        return Err(Fault::WrongCodec);
    }
    match head.get(9) {
        Some(&channels @ 1..=2) => Ok(channels),
        Some(_) => Err(Fault::WrongCodec),
        None => Err(Fault::Damaged("Opus header")),
    }
}

const SERIAL: u32 = 0x1ca;

/// Writes Opus packets, each on a page of its own so that pauses keep their length.
pub struct OpusWriter<W: Write> {
    out: PacketWriter<'static, W>,
    /// Held back one packet, because the last one must say that it is the last.
    held: Option<(Vec<u8>, u64)>,
    position: u64,
}

impl<W: Write> OpusWriter<W> {
    /// Starts the file. Two channels hold whatever comes: decoders copy mono to both.
    pub fn new(out: W) -> std::io::Result<Self> {
        let mut out = PacketWriter::new(out);
        out.write_packet(head(), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        out.write_packet(tags(), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        Ok(OpusWriter { out, held: None, position: 0 })
    }

    /// Samples at 48 kHz written so far, pauses included.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Adds a packet that starts playing `start` samples after the first one began, or directly
    /// after the one before if that is later.
    pub fn write(&mut self, start: u64, packet: &[u8]) -> std::io::Result<()> {
        let samples = packet_samples(packet).unwrap_or(SAMPLE_RATE / 50);
        self.position = self.position.max(start) + u64::from(samples);
        let before = self.held.replace((packet.to_vec(), self.position));
        self.flush_held(before, PacketWriteEndInfo::EndPage)
    }

    /// Marks the end of the stream.
    pub fn finish(mut self) -> std::io::Result<W> {
        let last = self.held.take();
        self.flush_held(last, PacketWriteEndInfo::EndStream)?;
        let mut out = self.out.into_inner();
        out.flush()?;
        Ok(out)
    }

    fn flush_held(
        &mut self,
        held: Option<(Vec<u8>, u64)>,
        end: PacketWriteEndInfo,
    ) -> std::io::Result<()> {
        match held {
            Some((packet, position)) => self.out.write_packet(packet, SERIAL, end, position),
            None => Ok(()),
        }
    }
}

fn head() -> Vec<u8> {
    let mut head = b"OpusHead\x01\x02".to_vec();
    head.extend_from_slice(&0u16.to_le_bytes());
    head.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    head
}

fn tags() -> Vec<u8> {
    let mut tags = b"OpusTags".to_vec();
    tags.extend_from_slice(&8u32.to_le_bytes());
    tags.extend_from_slice(b"incamera");
    tags.extend_from_slice(&0u32.to_le_bytes());
    tags
}
