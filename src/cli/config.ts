import { resolveSettings } from '../config/config.ts';
import type { Setting } from '../config/setting.ts';
import { EXIT, type Command } from './command.ts';

export const config: Command = {
  name: 'config',
  usage: '',
  summary: 'Shows every setting, its value and where the value comes from.',
  options: { host: { type: 'string' }, port: { type: 'string' } },
  optionHelp: {},
  async run({ environment, configFlags, output, isJson }) {
    const settings = resolveSettings(environment, configFlags);
    if (isJson) {
      output.json({
        settings: settings.map(({ setting, value, source }) => ({
          name: setting.name,
          value: setting.isSecret === true ? shown(setting, value) : (value ?? null),
          source,
          default: setting.default,
        })),
      });
      return EXIT.done;
    }
    for (const { setting, value, source } of settings)
      output.result(`${setting.name}=${shown(setting, value)}  (${source})`);
    return EXIT.done;
  },
};

/** Secrets show only whether they are set. */
function shown({ isSecret }: Setting<unknown>, value: unknown): string {
  if (isSecret === true) return value === undefined ? 'not set' : 'set';
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}
