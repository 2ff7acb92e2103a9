/** As many faces as a stage can hold. */
const MAX_TILES = 25;

/** Faces stay where they are; whoever speaks but has no place takes that of someone quiet at the end. */
export function chooseStage(others: { device: string }[], before: string[], speakers: string[], most = MAX_TILES): string[] {
  const present = new Set(others.map(({ device }) => device));
  const stage = before.filter((device) => present.has(device)).slice(0, most);
  for (const { device } of others) if (stage.length < most && !stage.includes(device)) stage.push(device);
  for (const speaker of speakers) {
    if (!present.has(speaker) || stage.includes(speaker)) continue;
    const quiet = stage.findLastIndex((device) => !speakers.includes(device));
    if (quiet >= 0) stage[quiet] = speaker;
  }
  const same = stage.length === before.length && stage.every((device, i) => device === before[i]);
  return same ? before : stage;
}
