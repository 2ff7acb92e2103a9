/** As many faces as a stage can hold. */
const MAX_TILES = 25;

/**
 * Faces stay where they are: whoever comes takes the place of somebody who left, and whoever speaks but has no place that of
 * someone quiet at the end.
 */
export function chooseStage(others: { device: string }[], before: string[], speakers: string[], most = MAX_TILES): string[] {
  const present = new Set(others.map(({ device }) => device));
  const placed = new Set(before.slice(0, most).filter((device) => present.has(device)));
  const next = others.map(({ device }) => device).filter((device) => !placed.has(device)).values();
  const kept = before.slice(0, most).map((device) => (placed.has(device) ? device : next.next().value));
  const stage = kept.filter((device) => device !== undefined);
  for (const device of next) if (stage.length < most) stage.push(device);
  for (const speaker of speakers) {
    if (!present.has(speaker) || stage.includes(speaker)) continue;
    const quiet = stage.findLastIndex((device) => !speakers.includes(device));
    if (quiet >= 0) stage[quiet] = speaker;
  }
  const same = stage.length === before.length && stage.every((device, i) => device === before[i]);
  return same ? before : stage;
}
