// One tab per device key: two cores under one key would repeat counters and confuse the group.

/** Another tab that has the meeting keeps it; so a tab that was just opened is told soon. */
const PATIENCE_MS = 1_500;
/** A reloaded page mostly waits for its former self, which a busy device may take seconds to end. */
const PATIENCE_AFTER_RELOAD_MS = 10_000;

const nameOf = (meeting: string) => `in-camera-device-${meeting}`;

/** Holds the meeting for this tab; false when another tab keeps it. `lost` is called if one takes it. */
export function holdMeeting(meeting: string, lost: () => void, { steal = false, reloaded = false } = {}): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const impatience = new AbortController();
    const timer = setTimeout(() => impatience.abort(), reloaded ? PATIENCE_AFTER_RELOAD_MS : PATIENCE_MS);
    let held = false;
    const options = steal ? { steal: true } : { signal: impatience.signal };
    navigator.locks
      .request(nameOf(meeting), options, () => {
        clearTimeout(timer);
        held = true;
        resolve(true);
        return new Promise<never>(() => {});
      })
      .catch(() => (held ? lost() : resolve(false)));
  });
}
