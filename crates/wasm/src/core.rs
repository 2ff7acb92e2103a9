//! One participant for the core worker. Inputs and outputs are the JSON of `client::shell`; `mono`
//! is `performance.now()`, `wall` is `Date.now()`.

use base::{Millis, Now, Secret, UnixMillis};
use client::{Config, Create, Participant};
use wasm_bindgen::prelude::*;

/// One participant of one meeting.
#[wasm_bindgen]
pub struct Core(Participant);

#[wasm_bindgen]
impl Core {
    /// `fragment` is what follows `#` in the address; `seed` has 32 bytes; `saved` is the state
    /// last saved for this meeting on this device. The first outputs wait in [`Self::outputs`].
    #[wasm_bindgen(constructor)]
    pub fn new(
        origin: String,
        meeting: String,
        fragment: Option<String>,
        seed: &[u8],
        saved: Option<Vec<u8>>,
        mono: f64,
        wall: f64,
    ) -> Result<Core, JsValue> {
        let config = Config { origin, meeting, fragment, device_seed: secret(seed)?, saved };
        Ok(Core(Participant::new(config, now(mono, wall), Box::new(system_entropy))))
    }

    /// Tells the participant one input; what to carry out, in order.
    pub fn handle(&mut self, input: &str, mono: f64, wall: f64) -> Result<String, JsValue> {
        let input = serde_json::from_str(input).map_err(|_| JsValue::from("malformed_input"))?;
        self.0.handle(now(mono, wall), input);
        self.outputs()
    }

    /// What waits to be carried out, as a JSON array.
    pub fn outputs(&mut self) -> Result<String, JsValue> {
        let outputs: Vec<_> = std::iter::from_fn(|| self.0.poll_output()).collect();
        serde_json::to_string(&outputs).map_err(|_| "unserialisable_output".into())
    }
}

/// A meeting that exists once the server has accepted `request`.
#[wasm_bindgen]
pub struct CreatedMeeting(client::Created);

/// Makes a meeting whose host is the device with this 32-byte seed.
#[wasm_bindgen(js_name = createMeeting)]
pub fn create_meeting(
    seed: &[u8],
    title: String,
    host_name: String,
    mono: f64,
    wall: f64,
) -> Result<CreatedMeeting, JsValue> {
    let params = Create { device_seed: secret(seed)?, title, host_name };
    Ok(CreatedMeeting(client::create(params, now(mono, wall), &mut system_entropy)))
}

#[wasm_bindgen]
impl CreatedMeeting {
    /// JSON body of `POST /api/v1/meetings`.
    #[wasm_bindgen(getter)]
    pub fn request(&self) -> Result<String, JsValue> {
        serde_json::to_string(&self.0.request).map_err(|_| "unserialisable_request".into())
    }

    /// The meeting's id as it stands in addresses.
    #[wasm_bindgen(getter)]
    pub fn meeting(&self) -> String {
        self.0.meeting.to_text()
    }

    /// Path and secret fragment, to follow the origin.
    #[wasm_bindgen(getter, js_name = invitePath)]
    pub fn invite_path(&self) -> String {
        self.0.invite_path.clone()
    }

    /// The state to save for this meeting before going there; secret.
    #[wasm_bindgen(getter)]
    pub fn saved(&self) -> Vec<u8> {
        self.0.saved.clone()
    }
}

fn now(mono: f64, wall: f64) -> Now {
    Now { mono: Millis(mono as u64), wall: UnixMillis(wall as u64) }
}

fn secret(bytes: &[u8]) -> Result<Secret<32>, JsValue> {
    bytes.try_into().map(Secret::new).map_err(|_| "seed_has_32_bytes".into())
}

fn system_entropy(out: &mut [u8]) {
    getrandom::getrandom(out).expect("invariant: a worker has crypto.getRandomValues");
}
