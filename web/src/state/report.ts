// What somebody chooses to write to those who run this server; they can read it.

export const CATEGORIES = ['conduct', 'intruder', 'unlawful', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

/** The server refuses more characters. */
export const LONGEST_REPORT = 1_000;

/** As the address has it; sent with a report, and shown before that. */
export const meetingId = (): string => location.pathname.split('/')[2] ?? '';

export type Outcome = 'sent' | 'too-many' | 'failed';

/** Sends exactly this, and only when asked to. */
export async function sendReport(category: Category, text: string): Promise<Outcome> {
  try {
    const answer = await fetch(`/api/v1/meetings/${encodeURIComponent(meetingId())}/reports`, {
      method: 'POST', credentials: 'omit', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ category, text }),
    });
    if (answer.ok) return 'sent';
    return answer.status === 429 ? 'too-many' : 'failed';
  } catch {
    return 'failed';
  }
}
