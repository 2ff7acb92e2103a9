//! A host whom everything reaches late.

use super::World;
use std::cell::RefCell;
use std::rc::Rc;
use wire::ServerMessage;

/// What lies for the host on a connection that brings it in bursts; commits last, as what it sends is as slow.
pub struct Slow(Rc<RefCell<Vec<ServerMessage>>>);

impl Slow {
    pub fn down(world: &mut World) -> Slow {
        let held = Rc::new(RefCell::new(Vec::new()));
        let queue = held.clone();
        world.trick = Some(Box::new(move |to, message| match to {
            0 => {
                queue.borrow_mut().push(message);
                Vec::new()
            }
            _ => vec![message],
        }));
        Slow(held)
    }

    /// Half a second later the host gets it all.
    pub fn burst(&self, world: &mut World) {
        world.run(500);
        let mut held = std::mem::take(&mut *self.0.borrow_mut());
        held.sort_by_key(|message| matches!(message, ServerMessage::Committed { .. }));
        held.into_iter().for_each(|message| world.slip(0, message));
        world.settle();
    }
}
