// One tab per device key: two cores under one key would repeat counters and confuse the group.

/** How long a reloaded page waits for its former self to let go. */
const PATIENCE_MS = 1_500;

const nameOf = (meeting: string) => `in-camera-device-${meeting}`;

/** Holds the meeting for this tab; false when another tab keeps it. `lost` is called if one takes it. */
export function holdMeeting(meeting: string, lost: () => void, steal = false): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const impatience = new AbortController();
    const timer = setTimeout(() => impatience.abort(), PATIENCE_MS);
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
