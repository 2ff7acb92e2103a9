use super::{base_key, kind, open_error};
use base::Secret;
use e2ee::frames::{self, MAX_LEAVES, Opener, SendingRights};
use wasm_bindgen::prelude::*;

/// Opens what others send.
#[wasm_bindgen]
#[derive(Default)]
pub struct FrameOpener(Opener);

#[wasm_bindgen]
impl FrameOpener {
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

    #[wasm_bindgen(js_name = dropLeaf)]
    pub fn drop_leaf(&mut self, before: f64, leaf: u32) {
        self.0.drop_leaf(before as u64, leaf);
    }

    /// From now on only these kinds count: `masks[i]` for `leaves[i]`, `others` for the rest, a bit
    /// for each kind's number.
    #[wasm_bindgen(js_name = setRights)]
    pub fn set_rights(&mut self, others: u8, leaves: &[u32], masks: &[u8]) {
        let leaves = leaves.iter().copied().zip(masks.iter().copied()).take(MAX_LEAVES).collect();
        self.0.set_rights(SendingRights { others, leaves });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn open(&mut self, kind_number: u8, frame: &[u8]) -> Result<Opened, JsValue> {
        self.0.open(kind(kind_number)?, frame).map(Opened).map_err(open_error)
    }

    /// What WebCrypto needs to open `frame`.
    pub fn locate(&self, kind_number: u8, frame: &[u8]) -> Result<Located, JsValue> {
        let located = self.0.locate(kind(kind_number)?, frame).map_err(open_error)?;
        let (key, nonce) = self.0.key_for(&located).map_err(open_error)?;
        Ok(Located { located, key, nonce })
    }

    /// Counts a located frame as opened. Only after WebCrypto verified it; throws if it must be
    /// dropped all the same.
    #[wasm_bindgen(js_name = dangerAccept)]
    pub fn danger_accept(&mut self, located: &Located) -> Result<(), JsValue> {
        self.0.danger_accept(&located.located).map_err(open_error)
    }
}

/// A frame that verified.
#[wasm_bindgen]
pub struct Opened(frames::Opened);

#[wasm_bindgen]
impl Opened {
    #[wasm_bindgen(getter)]
    pub fn epoch(&self) -> f64 {
        self.0.epoch as f64
    }

    #[wasm_bindgen(getter)]
    pub fn leaf(&self) -> u32 {
        self.0.leaf
    }

    /// The frame; the handle is used up.
    #[wasm_bindgen(js_name = intoFrame)]
    pub fn into_frame(self) -> Vec<u8> {
        self.0.frame
    }
}

/// How to open one frame: `frame to clear ‖ AES-GCM⁻¹(key, nonce, aad, frame from text on)`.
#[wasm_bindgen]
pub struct Located {
    located: frames::Located,
    key: Secret<16>,
    nonce: [u8; 12],
}

#[wasm_bindgen]
impl Located {
    #[wasm_bindgen(getter)]
    pub fn epoch(&self) -> f64 {
        self.located.epoch as f64
    }

    #[wasm_bindgen(getter)]
    pub fn leaf(&self) -> u32 {
        self.located.kid.leaf()
    }

    #[wasm_bindgen(getter)]
    pub fn kid(&self) -> f64 {
        self.located.kid.value() as f64
    }

    #[wasm_bindgen(getter)]
    pub fn key(&self) -> Vec<u8> {
        self.key.expose().to_vec()
    }

    #[wasm_bindgen(getter)]
    pub fn nonce(&self) -> Vec<u8> {
        self.nonce.to_vec()
    }

    #[wasm_bindgen(getter)]
    pub fn aad(&self) -> Vec<u8> {
        self.located.aad.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn clear(&self) -> usize {
        self.located.clear
    }

    #[wasm_bindgen(getter)]
    pub fn text(&self) -> usize {
        self.located.text
    }
}
