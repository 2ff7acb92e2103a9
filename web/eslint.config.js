import solid from 'eslint-plugin-solid/configs/typescript';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'src/wasm'] },
  ...tseslint.configs.recommended,
  { files: ['**/*.{ts,tsx}'], ...solid },
  {
    rules: {
      // A leading underscore says "must be there, is not needed".
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      // Raises false alarms on signals kept in classes and stores handed over whole; can return when it follows those.
      'solid/reactivity': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['scripts/**'], rules: { 'no-console': 'off' } },
);
