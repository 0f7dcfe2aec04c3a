import type { Command } from 'commander'

/** Every command with its own options, so that one page shows everything. */
export const details = (program: Command): string[] => {
  const leaves = (command: Command): Command[] => command.commands.flatMap(child => [child, ...leaves(child)])
  const name = (command: Command): string =>
    command.parent && command.parent !== program
      ? `${name(command.parent)} ${command.name()}`
      : command.name()
  return [
    '',
    'In full:',
    ...leaves(program)
      .filter(({ commands }) => commands.length === 0)
      .flatMap(command => [
        `  ${name(command)} ${command.usage().replace(/\[options\] ?/, '')}`.trimEnd(),
        ...command.options.map(({ flags, description }) =>
          `      ${flags.padEnd(22)} ${description}`.trimEnd(),
        ),
      ]),
  ]
}
