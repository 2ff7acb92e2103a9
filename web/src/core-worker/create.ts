import { newSeed, seedName, stateName } from './device';
import type { FromCore, ToCore } from './protocol';
import { openStorage } from './storage';
import { loadCore } from './wasm';

/** Makes a meeting here, tells the server that it exists, and keeps what makes this device its host. */
export async function createMeeting(request: Extract<ToCore, { type: 'create' }>): Promise<FromCore> {
  try {
    const [storage, wasm] = await Promise.all([openStorage(), loadCore()]);
    const seed = newSeed();
    const made = wasm.create({ seed, title: '', hostName: request.name });
    const answer = await fetch(new URL('/api/v1/meetings', request.origin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: made.request,
    });
    if (answer.status === 429 || answer.status === 503) return { type: 'not_created', why: 'busy' };
    if (!answer.ok) return { type: 'not_created', why: 'refused' };
    await storage.put(seedName(made.meeting), seed);
    await storage.put(stateName(made.meeting), made.saved);
    return { type: 'created', path: made.invitePath };
  } catch (error) {
    return error instanceof TypeError ? { type: 'not_created', why: 'unreachable' } : { type: 'broken' };
  }
}
