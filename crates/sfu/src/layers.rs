//! Which simulcast layer each slot gets: by the height it is shown at, below the bandwidth there
//! is.

use crate::{Layer, Layers};
use std::time::{Duration, Instant};

/// What a layer is taken to cost when nothing was measured, bits per second.
pub const NOMINAL_BPS: [u64; 3] = [150_000, 500_000, 1_500_000];

/// Pixel heights up to which a layer is good enough: a 720-line picture halved twice, shown up to
/// a quarter larger than sent.
const GOOD_UP_TO: [u16; 2] = [225, 450];

/// A layer is gone up to only with this much room to spare (percent of the step), lest a slot swings between two layers: at
/// first, and at most. More keeps pictures small on lines that carry them large.
const SPARE_PERCENT: u64 = 15;
const MOST_SPARE_PERCENT: u64 = 160;

/// Whoever falls back so soon after going up went up too soon.
const SWING: Duration = Duration::from_secs(60);

/// Kept free of video for three voices.
const AUDIO_BPS: u64 = 120_000;

/// Part of the estimate that may be newly allocated (percent): the rest is for repair and probes. What flows may go on up to
/// all of it: an estimate swings by as much as that around what a full line carries.
const USABLE_PERCENT: u64 = 90;

/// Below this an estimate is taken for noise: the first slot keeps its smallest layer.
const FLOOR_BPS: u64 = 300_000;

/// One slot's wish, in the order of importance.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    /// Best layer for the height shown.
    pub ideal: Layer,
    /// Layer chosen before.
    pub current: Option<Layer>,
    /// Layers the source can send.
    pub layers: Layers,
    /// Cost of each layer, bits per second.
    pub cost: [u64; 3],
}

/// How much room to spare going up takes. A line that carries a little less than the next layer needs looks now and then as
/// if it carried it; whoever fell back there needs twice the room the next time, and half of that after each minute in
/// which it did not happen again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headroom {
    rose: Option<Instant>,
    /// When it last fell back, and what going up has taken since, percent of the step.
    fell: Option<(Instant, u64)>,
}

impl Headroom {
    /// Percent of a step up that have to be there.
    pub fn percent(&self, now: Instant) -> u64 {
        100 + self.spare(now)
    }

    fn spare(&self, now: Instant) -> u64 {
        let Some((fell, spare)) = self.fell else { return SPARE_PERCENT };
        let quiet = now.duration_since(fell).as_secs() / SWING.as_secs();
        (spare >> quiet.min(63)).max(SPARE_PERCENT)
    }

    /// Another estimate changed the layers of the same wishes from these to those.
    pub fn saw(
        &mut self,
        now: Instant,
        pairs: impl Iterator<Item = (Option<Layer>, Option<Layer>)>,
    ) {
        let (mut rises, mut falls) = (false, false);
        for (before, after) in pairs {
            rises |= before.is_some() && after > before;
            falls |= after < before;
        }
        if falls && self.rose.take().is_some_and(|rose| now < rose + SWING) {
            self.fell = Some((now, (self.spare(now) * 2).min(MOST_SPARE_PERCENT)));
        }
        if rises {
            self.rose = Some(now);
        }
    }
}

/// The best layer of those a source has for a height.
pub fn ideal_layer(height: u16, layers: Layers) -> Layer {
    let wanted = match height {
        h if h <= GOOD_UP_TO[0] => Layer::Q,
        h if h <= GOOD_UP_TO[1] => Layer::H,
        _ => Layer::F,
    };
    at_most(wanted, layers)
}

/// The largest layer of the set that is not above `wanted`, or else the smallest there is.
pub fn at_most(wanted: Layer, layers: Layers) -> Layer {
    let below = layers.iter().filter(|layer| *layer <= wanted).last();
    below.or_else(|| layers.iter().next()).unwrap_or(Layer::F)
}

/// Bits per second that would satisfy every wish.
pub fn desired(wants: &[Want]) -> u64 {
    AUDIO_BPS + wants.iter().map(|want| want.cost[want.ideal as usize]).sum::<u64>()
}

/// Bits per second to keep on the wire, with padding if need be, so that the estimate can grow to
/// the next step up: what is allocated and that step. Zero when every wish is met.
pub fn sustained(wants: &[Want], chosen: &[Option<Layer>]) -> u64 {
    let cost = |want: &Want, layer: Option<Layer>| layer.map_or(0, |l| want.cost[l as usize]);
    let pairs = || wants.iter().zip(chosen.iter().copied());
    let next_step = pairs().filter_map(|(want, chosen)| {
        let above = |layer: &Layer| chosen.is_none_or(|chosen| *layer > chosen);
        let next = want.layers.iter().find(|layer| above(layer) && *layer <= want.ideal)?;
        Some(want.cost[next as usize].saturating_sub(cost(want, chosen)))
    });
    let Some(step) = next_step.min() else { return 0 };
    let allocated: u64 = pairs().map(|(want, chosen)| cost(want, chosen)).sum();
    (AUDIO_BPS + allocated + step * (100 + SPARE_PERCENT) / 100) * 110 / USABLE_PERCENT
}

/// A layer for each slot, together below the estimate; `None` where not even the smallest fits.
/// Smallest layers first for all, then one step up for each in turn, if `headroom` percent of it are there.
pub fn allocate(wants: &[Want], estimate: Option<u64>, headroom: u64) -> Vec<Option<Layer>> {
    let Some(estimate) = estimate else {
        return wants.iter().map(|want| Some(want.ideal)).collect();
    };
    let estimate = estimate.max(FLOOR_BPS);
    let kept = (estimate * (100 - USABLE_PERCENT) / 100) as i64;
    let mut left = estimate.saturating_sub(AUDIO_BPS) as i64;
    let mut chosen = vec![None; wants.len()];
    for level in Layer::ALL {
        for (want, chosen) in wants.iter().zip(&mut chosen) {
            if let Some(step) = step_to(want, *chosen, level)
                && affordable(want, step, left, kept, headroom)
            {
                left -= step.extra;
                *chosen = Some(step.layer);
            }
        }
    }
    if let (Some(first), Some(want)) = (chosen.first_mut(), wants.first()) {
        first.get_or_insert(at_most(Layer::Q, want.layers));
    }
    chosen
}

#[derive(Clone, Copy)]
struct Step {
    layer: Layer,
    extra: i64,
}

/// What going from the chosen layer to `level` means; `None` when that is no step up. A slot
/// begins with the smallest layer its source has.
fn step_to(want: &Want, chosen: Option<Layer>, level: Layer) -> Option<Step> {
    let layer = match chosen {
        None => at_most(level, want.layers),
        Some(_) => level,
    };
    let paid = chosen.map_or(0, |layer| want.cost[layer as usize]);
    let step = Step { layer, extra: want.cost[layer as usize] as i64 - paid as i64 };
    let wanted = want.layers.contains(layer) && (chosen.is_none() || layer <= want.ideal);
    (wanted && chosen.is_none_or(|chosen| layer > chosen)).then_some(step)
}

/// Whether this much is left for a step; of which `kept` is for what flows already.
fn affordable(want: &Want, step: Step, left: i64, kept: i64, headroom: u64) -> bool {
    let (left, percent) = match want.current {
        Some(current) if step.layer <= current => (left, 100),
        Some(_) => (left - kept, headroom as i64),
        None => (left - kept, 100),
    };
    step.extra * percent / 100 <= left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FEW: u64 = 115;

    fn all() -> Layers {
        Layer::ALL.into_iter().fold(Layers::NONE, Layers::with)
    }

    fn want(ideal: Layer) -> Want {
        Want { ideal, current: None, layers: all(), cost: NOMINAL_BPS }
    }

    #[test]
    fn the_height_decides_the_layer() {
        let of = |height| ideal_layer(height, all());
        assert_eq!([of(90), of(225), of(360), of(720)], [Layer::Q, Layer::Q, Layer::H, Layer::F]);
    }

    #[test]
    fn a_source_without_simulcast_is_sent_as_it_is() {
        assert_eq!(ideal_layer(90, Layers::NONE.with(Layer::F)), Layer::F);
    }

    #[test]
    fn everyone_is_seen_small_before_anyone_is_seen_large() {
        let chosen =
            allocate(&[want(Layer::F), want(Layer::F), want(Layer::F)], Some(700_000), FEW);
        assert_eq!(chosen, [Some(Layer::Q), Some(Layer::Q), Some(Layer::Q)]);
    }

    #[test]
    fn more_than_fits_is_left_out_from_the_end() {
        let chosen = allocate(&[want(Layer::Q); 4], Some(600_000), FEW);
        assert_eq!(chosen, [Some(Layer::Q), Some(Layer::Q), None, None]);
    }

    #[test]
    fn the_first_slot_keeps_a_picture_on_the_worst_line() {
        let big = Want { cost: [400_000; 3], ..want(Layer::F) };
        assert_eq!(allocate(&[big], Some(10_000), FEW), [Some(Layer::Q)]);
    }

    #[test]
    fn a_slot_at_the_edge_does_not_swing() {
        let need = |layer| Want { current: Some(layer), ..want(Layer::H) };
        let edge = (500_000 + 120_000) * 100 / 90 + 10_000;
        assert_eq!(allocate(&[need(Layer::Q)], Some(edge), FEW), [Some(Layer::Q)]);
        assert_eq!(allocate(&[need(Layer::H)], Some(edge), FEW), [Some(Layer::H)]);
    }

    #[test]
    fn what_flows_goes_on_while_the_estimate_swings() {
        let flows = Want { current: Some(Layer::H), ..want(Layer::H) };
        let needed = NOMINAL_BPS[1] + AUDIO_BPS;
        assert_eq!(allocate(&[flows], Some(needed), FEW), [Some(Layer::H)]);
        assert_eq!(allocate(&[flows], Some(needed - 1), FEW), [Some(Layer::Q)]);
        assert_eq!(allocate(&[want(Layer::H)], Some(needed), FEW), [Some(Layer::Q)]);
    }

    /// Of a slot that an estimate took from one layer to the other, so many seconds after the start.
    fn after(changes: &[(u64, Layer, Layer)]) -> impl Fn(u64) -> u64 {
        let start = Instant::now();
        let mut headroom = Headroom::default();
        for (at, before, after) in changes {
            let pair = (Some(*before), Some(*after));
            headroom.saw(start + Duration::from_secs(*at), [pair].into_iter());
        }
        move |at| headroom.percent(start + Duration::from_secs(at))
    }

    #[test]
    fn who_falls_back_needs_more_room_to_go_up_again() {
        use Layer::{F, H, Q};
        assert_eq!(after(&[(0, F, H), (1, H, Q)])(1), 115, "a line that became thin");
        let swings = [(0, H, F), (3, F, H), (5, H, F), (6, F, H), (8, H, F), (9, F, H)];
        let percent = (2..=6).step_by(2).map(|count| after(&swings[..count])(9));
        assert_eq!(percent.collect::<Vec<_>>(), [130, 160, 220]);
        assert_eq!([68, 69, 129, 189, 1 << 40].map(after(&swings)), [220, 160, 130, 115, 115]);
        assert_eq!(after(&[(0, H, F), (60, F, H)])(60), 115, "it held for a minute");
        assert_eq!(after(&[(0, Q, H), (1, H, F), (2, F, H), (3, H, Q)])(3), 130, "once a collapse");
    }

    proptest! {
        #[test]
        fn the_allocation_stays_below_the_estimate(
            ideals in prop::collection::vec(0usize..3, 1..25),
            estimate in 0u64..20_000_000,
        ) {
            let wants: Vec<Want> = ideals.iter().map(|i| want(Layer::ALL[*i])).collect();
            let chosen = allocate(&wants, Some(estimate), FEW);
            let sum: u64 = chosen.iter().flatten().map(|layer| NOMINAL_BPS[*layer as usize]).sum();
            prop_assert!(sum <= estimate.max(FLOOR_BPS));
            for (chosen, want) in chosen.iter().zip(&wants) {
                prop_assert!(chosen.is_none_or(|layer| layer <= want.ideal));
            }
        }
    }
}
