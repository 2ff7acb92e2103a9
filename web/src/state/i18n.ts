import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import english from '../locales/en.ftl?raw';

// Isolation marks around names would end up in accessible names, which are a contract; visible names stand in <bdi>.
const bundle = new FluentBundle('en', { useIsolating: false });
bundle.addResource(new FluentResource(english));

/** The words for `id`; the id itself when there are none, which a test notices. */
export function t(id: string, values?: Record<string, FluentVariable>): string {
  const pattern = bundle.getMessage(id)?.value;
  return pattern ? bundle.formatPattern(pattern, values ?? null, []) : id;
}
