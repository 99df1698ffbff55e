import { PARSER_NAMES } from '../../src/config/logs.ts';
import { type CommandDoc, commonOptions, globalOptions, type OptionDoc } from './describe.ts';

/** Options whose value is a file or a directory. */
const PATHS: ReadonlySet<string> = new Set(['--config', '--state', '--out']);

/** Options whose value is one of some words, or a file. */
const WORDS_OR_PATH: Readonly<Record<string, readonly string[]>> = {
  '--parser': PARSER_NAMES,
  '--policies': ['none', 'now'],
};

/** Completion for bash: commands, options, choices, files. It starts no program, so it costs no time. */
export function bashCompletion(commands: readonly CommandDoc[]): string {
  const common = globalOptions();
  const cases = commands.map((command) => {
    const options = [...command.options, ...commonOptions(command)].map(({ name }) => name).join(' ');
    return `    ${command.name}) options='${options}' ;;`;
  });
  const valued = [...commands.flatMap(({ options }) => options), ...common].filter(
    ({ value }) => value !== undefined,
  );
  return `# bash completion of maillog-tlsrpt. Made from the help texts by \`npm run manual\`; changes here are lost.

# Offers words, and files whose names begin so: readline puts them in quotes, and no blank behind a directory.
_maillog_tlsrpt_offer() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
  [[ $2 == files ]] || return 0
  local -a files
  mapfile -t files < <(compgen -f -- "$word")
  COMPREPLY+=("\${files[@]}")
  compopt -o filenames 2> /dev/null
  return 0
}

_maillog_tlsrpt() {
  local word=\${COMP_WORDS[COMP_CWORD]} before='' command='' action='' options='' each i
  local valued=' ${unique(valued).join(' ')} '
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    each=\${COMP_WORDS[i]}
    # readline parts --option=value into three words, and a URL into many.
    if [[ $each == = ]]; then continue; fi
    if [[ $each == +([:@]) ]]; then ((i++)); continue; fi
    if [[ $before != '' ]]; then before=''; continue; fi
    if [[ $each == -* ]]; then
      if [[ $valued == *" $each "* ]]; then before=$each; fi
    elif [[ $command == '' ]]; then command=$each
    elif [[ $action == '' ]]; then action=$each
    fi
  done
  if [[ $word == = ]]; then word=''; fi
  case $before in
${valueCases(commands, common)}
  esac
  case $command in
    '') _maillog_tlsrpt_offer '${[...commands, ...common].map(({ name }) => name).join(' ')}'; return ;;
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    _maillog_tlsrpt_offer "$options"
    return
  fi
  case "$command $action" in
${positionalCases(commands)}
  esac
}
complete -F _maillog_tlsrpt maillog-tlsrpt
`;
}

function unique(options: readonly OptionDoc[]): string[] {
  return [...new Set(options.map(({ name }) => name))];
}

function valueCases(commands: readonly CommandDoc[], common: readonly OptionDoc[]): string {
  const options = [...commands.flatMap((command) => command.options), ...common];
  const offers = new Map(options.flatMap((option) => bashOffer(option) ?? []));
  const lines = [...offers].map(([name, offer]) => `    ${name}) ${offer}; return ;;`);
  return [...lines, `    -*) return ;;`].join('\n');
}

/** What is offered as an option's value; undefined where nobody can know. */
function bashOffer({ name, choices }: OptionDoc): [string, string][] | undefined {
  const words = WORDS_OR_PATH[name] ?? choices;
  const files = PATHS.has(name) || WORDS_OR_PATH[name] !== undefined;
  if (words.length === 0 && !files) return undefined;
  return [[name, `_maillog_tlsrpt_offer '${words.join(' ')}'${files ? ' files' : ''}`]];
}

/** What stands behind a command: first its action, where it has some, and then files, where that action takes any. */
function positionalCases(commands: readonly CommandDoc[]): string {
  const lines = commands.flatMap(({ name, positionals }) => {
    const actions = positionals.flatMap(({ choices }) => choices);
    const files = positionals.find((each) => each.name === 'files');
    if (files === undefined) return [];
    if (actions.length === 0) return [`    '${name} '*) _maillog_tlsrpt_offer '' files ;;`];
    const taking = actionsWithFiles(files, actions).map((action) => `'${name} ${action}'`);
    return [
      `    '${name} ') _maillog_tlsrpt_offer '${actions.join(' ')}' ;;`,
      `    ${taking.join('|')}) _maillog_tlsrpt_offer '' files ;;`,
    ];
  });
  return lines.join('\n');
}

/** Those that the words of the files name: `backup, restore: the file`. */
function actionsWithFiles({ words }: OptionDoc, actions: readonly string[]): string[] {
  const named = /^([a-z, ]+):/.exec(words)?.[1]?.split(', ') ?? actions;
  return actions.filter((action) => named.includes(action));
}

/** Completion for zsh, with the words of the help texts. */
export function zshCompletion(commands: readonly CommandDoc[]): string {
  const common = globalOptions().map(zshOption).join(' \\\n    ');
  const listed = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n');
  const cases = commands.map((command) => {
    const own = [...command.options.map(zshOption), ...command.positionals.map(zshPositional)];
    const common = command.withoutJson ? `\${common:#--json*}` : '$common';
    return `    ${command.name})\n      _arguments ${common}${own.map((spec) => ` \\\n        ${spec}`).join('')}\n      ;;`;
  });
  return `#compdef maillog-tlsrpt
# Made from the help texts by \`npm run manual\`; changes here are lost.
${Object.entries(WORDS_OR_PATH)
  .map(([name, words]) => zshWordsOrFile(name, words))
  .join('\n')}
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
  const action = zshAction(name, choices);
  const argument = value === undefined ? '' : `:${value.toLowerCase().replace(/\|/g, ' ')}:${action}`;
  return quoted(`${name}[${words.replace(/[[\]:]/g, '\\$&')}]${argument}`);
}

function zshAction(name: string, choices: readonly string[]): string {
  if (WORDS_OR_PATH[name] !== undefined) return zshFunction(name);
  if (choices.length > 0) return `(${choices.join(' ')})`;
  return PATHS.has(name) ? '_files' : '';
}

function zshFunction(option: string): string {
  return `_maillog_tlsrpt_${option.slice(2)}`;
}

function zshWordsOrFile(option: string, words: readonly string[]): string {
  return `${zshFunction(option)}() { _alternative 'words:word:(${words.join(' ')})' 'files:file:_files' }`;
}

function zshPositional({ name, choices }: OptionDoc): string {
  if (choices.length > 0) return quoted(`1:${name}:(${choices.join(' ')})`);
  return quoted(`*:${name}:${name === 'files' ? '_files' : ''}`);
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
