use super::*;
use crate::frames::replay::Window;
use proptest::prelude::*;
use std::collections::{BTreeSet, HashSet};

proptest! {
    #[test]
    fn every_header_reads_back(kid: u64, counter: u64) {
        let header = Header { kid, counter };
        let bytes = header.to_bytes();
        prop_assert_eq!(Header::read(&bytes), Ok((header, bytes.len())));
    }

    #[test]
    fn what_reads_as_a_header_is_its_only_form(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        if let Ok((header, len)) = Header::read(&bytes) {
            prop_assert_eq!(header.to_bytes(), &bytes[..len]);
        }
    }

    #[test]
    fn key_ids_are_unique_and_read_back(
        kind in 0usize..4, leaf in 0u32..4096, epoch in 0u64..1 << 40,
    ) {
        let kid = KeyId::new(Kind::ALL[kind], leaf, epoch).unwrap();
        prop_assert_eq!(KeyId::from_value(kid.value()), Some(kid));
        prop_assert_eq!((kid.kind(), kid.leaf()), (Kind::ALL[kind], leaf));
        prop_assert!(kid.names_epoch(epoch) && !kid.names_epoch(epoch + 1));
    }

    #[test]
    fn any_frame_opens_to_itself(
        kind in 0usize..4, leaf in 0u32..4096, frame in prop::collection::vec(any::<u8>(), 10..400),
    ) {
        let kind = Kind::ALL[kind];
        let sealed = sender(leaf, 3).seal(kind, &frame).unwrap();
        prop_assert!(sealed.len() <= frame.len() + 23);
        let opened = receiver(&[3]).open(kind, &sealed).unwrap();
        prop_assert_eq!((opened.leaf, opened.frame), (leaf, frame));
    }

    #[test]
    fn no_changed_byte_goes_unnoticed(at in 0usize..500, change in 1u8.., frame_len in 10usize..300) {
        let mut sealed = sender(9, 3).seal(Kind::Camera, &keyframe(frame_len)).unwrap();
        let at = at % sealed.len();
        sealed[at] ^= change;
        prop_assert!(receiver(&[3]).open(Kind::Camera, &sealed).is_err());
    }

    #[test]
    fn no_cut_or_grown_frame_opens(cut in 1usize..100, tail in prop::collection::vec(any::<u8>(), 1..9)) {
        let sealed = sender(9, 3).seal(Kind::Camera, &keyframe(200)).unwrap();
        prop_assert!(receiver(&[3]).open(Kind::Camera, &sealed[..sealed.len() - cut]).is_err());
        prop_assert!(receiver(&[3]).open(Kind::Camera, &[sealed, tail].concat()).is_err());
    }

    #[test]
    fn garbage_never_opens(frame in prop::collection::vec(any::<u8>(), 0..200), kind in 0usize..4) {
        prop_assert!(receiver(&[3, 4]).open(Kind::ALL[kind], &frame).is_err());
    }

    /// Against the set of everything seen: fresh exactly once, and never below the span.
    #[test]
    fn the_window_agrees_with_a_set(counters in prop::collection::vec(0u64..5000, 1..400)) {
        let (mut window, mut seen) = (Window::default(), BTreeSet::new());
        for counter in counters {
            let newest = seen.last().copied().unwrap_or(0u64);
            let too_old = !seen.is_empty() && counter + Window::SPAN <= newest;
            let fresh = !too_old && seen.insert(counter);
            prop_assert_eq!(window.insert(counter), fresh, "counter {}", counter);
        }
    }

    /// Whatever leases come in, whatever is sent with: no (key ID, counter) is used twice.
    #[test]
    fn no_counter_is_used_twice(steps in prop::collection::vec(step(), 1..120)) {
        let mut sealer = Sealer::new();
        let mut used = HashSet::new();
        for step in steps {
            match step {
                Step::Epoch(epoch) => sealer.add_epoch(epoch, base_key(epoch as u8)),
                Step::Drop(through) => sealer.drop_epochs(through),
                Step::SendWith(epoch) => _ = sealer.send_with(epoch, 1),
                Step::Stop => sealer.stop(),
                Step::Lease { epoch, start, count } => {
                    _ = sealer.add_lease(Lease { kind: Kind::Mic, epoch, start, count });
                }
                Step::Seal => if let Ok(sealed) = sealer.seal(Kind::Mic, b"x") {
                    let (header, _) = Header::read(&sealed).unwrap();
                    prop_assert!(used.insert((header.kid, header.counter)), "{:?}", header);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Epoch(u64),
    Drop(u64),
    SendWith(u64),
    Stop,
    Lease { epoch: u64, start: u64, count: u64 },
    Seal,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u64..6).prop_map(Step::Epoch),
        (0u64..3).prop_map(Step::Drop),
        (0u64..6).prop_map(Step::SendWith),
        Just(Step::Stop),
        (0u64..6, 0u64..40, 0u64..20).prop_map(|(epoch, start, count)| Step::Lease {
            epoch,
            start,
            count
        }),
        Just(Step::Seal),
        Just(Step::Seal),
    ]
}
