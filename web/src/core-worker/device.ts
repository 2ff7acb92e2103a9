import type { Storage } from './storage';

export const seedName = (meeting: string) => `seed:${meeting}`;
export const stateName = (meeting: string) => `state:${meeting}`;

/**
 * The seed of this device's key in this meeting. Each meeting has its own, so that a server cannot
 * tell that two meetings were visited by one device.
 */
export async function deviceSeed(storage: Storage, meeting: string): Promise<Uint8Array<ArrayBuffer>> {
  const kept = await storage.get(seedName(meeting));
  if (kept) return kept;
  const fresh = newSeed();
  await storage.put(seedName(meeting), fresh);
  return fresh;
}

export const newSeed = () => crypto.getRandomValues(new Uint8Array(32));
