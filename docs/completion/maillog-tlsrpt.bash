# bash completion of maillog-tlsrpt. Made from the help texts by `npm run manual`; changes here are lost.

# Offers words, and files whose names begin so: readline puts them in quotes, and no blank behind a directory.
_maillog_tlsrpt_offer() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
  [[ $2 == files ]] || return 0
  local -a files
  mapfile -t files < <(compgen -f -- "$word")
  COMPREPLY+=("${files[@]}")
  compopt -o filenames 2> /dev/null
  return 0
}

_maillog_tlsrpt() {
  local word=${COMP_WORDS[COMP_CWORD]} before='' command='' action='' options='' each i
  local valued=' --parser --timezone --year --host --relayhost --fallback-relay --postfix-tls-loglevel --overlap --policies --threads --day --domain --out --to --unsuppress --queue-id --lines --max-lag --server --level --since --days --domains --config --state --now '
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    each=${COMP_WORDS[i]}
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
    --parser) _maillog_tlsrpt_offer 'postfix exim opensmtpd auto' files; return ;;
    --overlap) _maillog_tlsrpt_offer 'refuse count'; return ;;
    --policies) _maillog_tlsrpt_offer 'none now' files; return ;;
    --out) _maillog_tlsrpt_offer '' files; return ;;
    --level) _maillog_tlsrpt_offer 'encrypt dane verify'; return ;;
    --config) _maillog_tlsrpt_offer '' files; return ;;
    --state) _maillog_tlsrpt_offer '' files; return ;;
    -*) return ;;
  esac
  case $command in
    '') _maillog_tlsrpt_offer 'run follow backfill report send sessions explain scrub status lookup posture metrics dashboard check init ledger tally --config --state --json --quiet --verbose --now --version --help'; return ;;
    run) options='--offline --config --state --json --quiet --verbose --now --version --help' ;;
    follow) options='--offline --config --state --quiet --verbose --now --version --help' ;;
    backfill) options='--parser --timezone --year --host --relayhost --fallback-relay --postfix-tls-loglevel --no-infer-plaintext --mid-stream --overlap --offline --policies --send --threads --config --state --json --quiet --verbose --now --version --help' ;;
    report) options='--day --domain --out --reissue --offline --config --state --json --quiet --verbose --now --version --help' ;;
    send) options='--day --dry-run --to --unsuppress --config --state --json --quiet --verbose --now --version --help' ;;
    sessions) options='--parser --timezone --year --host --relayhost --fallback-relay --postfix-tls-loglevel --no-infer-plaintext --mid-stream --config --state --json --quiet --verbose --now --version --help' ;;
    explain) options='--parser --timezone --year --host --relayhost --fallback-relay --postfix-tls-loglevel --no-infer-plaintext --mid-stream --queue-id --domain --lines --config --state --json --quiet --verbose --now --version --help' ;;
    scrub) options='--parser --no-check --config --state --quiet --verbose --now --version --help' ;;
    status) options='--check --max-lag --config --state --json --quiet --verbose --now --version --help' ;;
    lookup) options='--server --record --config --state --json --quiet --verbose --now --version --help' ;;
    posture) options='--level --since --domain --unproven --config --state --json --quiet --verbose --now --version --help' ;;
    metrics) options='--config --state --json --quiet --verbose --now --version --help' ;;
    dashboard) options='--out --days --domains --config --state --quiet --verbose --now --version --help' ;;
    check) options='--config --state --json --quiet --verbose --now --version --help' ;;
    init) options='--print --config --state --quiet --verbose --now --version --help' ;;
    ledger) options='--config --state --json --quiet --verbose --now --version --help' ;;
    tally) options='--out --day --config --state --json --quiet --verbose --now --version --help' ;;
  esac
  if [[ $word == -* ]]; then
    _maillog_tlsrpt_offer "$options"
    return
  fi
  case "$command $action" in
    'backfill '*) _maillog_tlsrpt_offer '' files ;;
    'sessions '*) _maillog_tlsrpt_offer '' files ;;
    'explain '*) _maillog_tlsrpt_offer '' files ;;
    'scrub '*) _maillog_tlsrpt_offer '' files ;;
    'ledger ') _maillog_tlsrpt_offer 'check backup restore restored' ;;
    'ledger backup'|'ledger restore') _maillog_tlsrpt_offer '' files ;;
    'tally ') _maillog_tlsrpt_offer 'export import' ;;
    'tally import') _maillog_tlsrpt_offer '' files ;;
  esac
}
complete -F _maillog_tlsrpt maillog-tlsrpt
