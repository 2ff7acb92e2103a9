use super::{base_key, kind, lease_error, seal_error};
use e2ee::frames::{self, Lease, Sealer};
use wasm_bindgen::prelude::*;

/// Seals what this device sends.
#[wasm_bindgen]
#[derive(Default)]
pub struct FrameSealer(Sealer);

#[wasm_bindgen]
impl FrameSealer {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    #[wasm_bindgen(js_name = addEpoch)]
    pub fn add_epoch(&mut self, epoch: f64, key: &[u8]) -> Result<(), JsValue> {
        self.0.add_epoch(epoch as u64, base_key(key)?);
        Ok(())
    }

    #[wasm_bindgen(js_name = dropEpochs)]
    pub fn drop_epochs(&mut self, through: f64) {
        self.0.drop_epochs(through as u64);
    }

    #[wasm_bindgen(js_name = sendWith)]
    pub fn send_with(&mut self, epoch: f64, leaf: u32) -> Result<(), JsValue> {
        self.0.send_with(epoch as u64, leaf).map_err(seal_error)
    }

    #[wasm_bindgen(js_name = addLease)]
    pub fn add_lease(
        &mut self,
        kind_number: u8,
        epoch: f64,
        start: f64,
        count: f64,
    ) -> Result<(), JsValue> {
        let (epoch, start, count) = (epoch as u64, start as u64, count as u64);
        let lease = Lease { kind: kind(kind_number)?, epoch, start, count };
        self.0.add_lease(lease).map_err(lease_error)
    }

    pub fn stop(&mut self) {
        self.0.stop();
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there is an epoch to send with.
    #[wasm_bindgen(getter)]
    pub fn sending(&self) -> bool {
        self.0.sending_epoch().is_some()
    }

    /// Counters left of this kind.
    pub fn remaining(&self, kind_number: u8) -> Result<f64, JsValue> {
        Ok(self.0.remaining(kind(kind_number)?) as f64)
    }

    pub fn seal(&mut self, kind_number: u8, frame: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.0.seal(kind(kind_number)?, frame).map_err(seal_error)
    }

    /// Spends a counter on `frame` and says how WebCrypto seals it. Encrypt exactly this frame,
    /// once.
    #[wasm_bindgen(js_name = dangerEnvelope)]
    pub fn danger_envelope(&mut self, kind_number: u8, frame: &[u8]) -> Result<Envelope, JsValue> {
        self.0.danger_envelope(kind(kind_number)?, frame).map(Envelope).map_err(seal_error)
    }
}

/// How to seal one frame: `prefix ‖ AES-GCM(key, nonce, aad, frame from clear on)`.
#[wasm_bindgen]
pub struct Envelope(frames::Envelope);

#[wasm_bindgen]
impl Envelope {
    #[wasm_bindgen(getter)]
    pub fn epoch(&self) -> f64 {
        self.0.epoch as f64
    }

    #[wasm_bindgen(getter)]
    pub fn kid(&self) -> f64 {
        self.0.kid.value() as f64
    }

    #[wasm_bindgen(getter)]
    pub fn key(&self) -> Vec<u8> {
        self.0.key.expose().to_vec()
    }

    #[wasm_bindgen(getter)]
    pub fn nonce(&self) -> Vec<u8> {
        self.0.nonce.to_vec()
    }

    #[wasm_bindgen(getter)]
    pub fn aad(&self) -> Vec<u8> {
        self.0.aad.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn prefix(&self) -> Vec<u8> {
        self.0.prefix.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn clear(&self) -> usize {
        self.0.clear
    }
}
