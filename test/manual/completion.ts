import { type CommandDoc, commonOptions, globalOptions, type OptionDoc } from './describe.ts';

/** Options whose value is a file or a directory. */
const PATHS: ReadonlySet<string> = new Set(['--config', '--state', '--out', '--policies']);

/** Completion for bash: commands, options, choices, files. It starts no program, so it costs no time. */
export function bashCompletion(commands: readonly CommandDoc[]): string {
  const common = globalOptions();
  const cases = commands.map((command) => {
    const options = [...command.options, ...commonOptions(command)].map(({ name }) => name).join(' ');
    return `    ${command.name}) options='${options}' ;;`;
  });
  return `# bash completion of maillog-tlsrpt. Made from the help texts by \`npm run manual\`; changes here are lost.
_maillog_tlsrpt() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    ${commands.map(({ name }) => name).join('|')}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $before in
${valueCases(commands, common)}
  esac
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W '${[...commands, ...common].map(({ name }) => name).join(' ')}' -- "$word"); return ;;
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
${positionalCases(commands)}
  fi
}
complete -F _maillog_tlsrpt maillog-tlsrpt
`;
}

function valueCases(commands: readonly CommandDoc[], common: readonly OptionDoc[]): string {
  const options = [...commands.flatMap((command) => command.options), ...common];
  const files = [...new Set(options.map(({ name }) => name).filter((name) => PATHS.has(name)))];
  const chosen = new Map(
    options.filter(({ choices }) => choices.length > 0).map((option) => [option.name, option]),
  );
  const other = options.filter(
    ({ name, value, choices }) => value !== undefined && choices.length === 0 && !PATHS.has(name),
  );
  return [
    `    ${files.join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;`,
    ...[...chosen.values()].map(
      ({ name, choices }) =>
        `    ${name}) mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$word"); return ;;`,
    ),
    `    ${[...new Set(other.map(({ name }) => name))].join('|')}) return ;;`,
  ].join('\n');
}

function positionalCases(commands: readonly CommandDoc[]): string {
  const lines = commands
    .filter(({ positionals }) => positionals.length > 0)
    .map(({ name, positionals }) => {
      const words = positionals.flatMap(({ choices }) => choices).join(' ');
      const files = positionals.some((each) => each.name === 'files') ? ' -f' : '';
      return `      ${name}) mapfile -t COMPREPLY < <(compgen${words === '' ? '' : ` -W '${words}'`}${files} -- "$word") ;;`;
    });
  return ['    case $command in', ...lines, '    esac'].join('\n');
}

/** Completion for zsh, with the words of the help texts. */
export function zshCompletion(commands: readonly CommandDoc[]): string {
  const common = globalOptions().map(zshOption).join(' \\\n    ');
  const listed = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n');
  const cases = commands.map((command) => {
    const own = [...command.options.map(zshOption), ...command.positionals.map(zshPositional)];
    return `    ${command.name})\n      _arguments $common${own.map((spec) => ` \\\n        ${spec}`).join('')}\n      ;;`;
  });
  return `#compdef maillog-tlsrpt
# Made from the help texts by \`npm run manual\`; changes here are lost.
_maillog_tlsrpt() {
  local curcontext=$curcontext state line
  local -a commands common
  commands=(
${listed}
  )
  common=(
    ${common.replaceAll(' \\\n', '\n')}
  )
  _arguments -C $common '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $words[1] in
${cases.join('\n')}
    esac
    ;;
  esac
}
_maillog_tlsrpt "$@"
`;
}

function zshOption({ name, words, value, choices }: OptionDoc): string {
  const action = choices.length > 0 ? `(${choices.join(' ')})` : PATHS.has(name) ? '_files' : '';
  const argument = value === undefined ? '' : `:${value.toLowerCase().replace(/\|/g, ' ')}:${action}`;
  return quoted(`${name}[${words.replace(/[[\]:]/g, '\\$&')}]${argument}`);
}

function zshPositional({ name, choices }: OptionDoc): string {
  if (choices.length > 0) return quoted(`1:${name}:(${choices.join(' ')})`);
  return quoted(`*:${name}:${name === 'files' ? '_files' : ''}`);
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
