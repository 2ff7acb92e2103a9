import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Solid's stores as browsers run them; those for servers keep no identities.
  ssr: { resolve: { conditions: ['browser'] } },
  test: {
    include: ['tests/**/*.test.ts', 'src/**/*.test.ts'], environment: 'node', pool: 'threads', server: { deps: { inline: ['solid-js'] } },
  },
});
