# bash completion of maillog-tlsrpt. Made from the help texts by `npm run manual`; changes here are lost.
_maillog_tlsrpt() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    run|follow|backfill|report|send|sessions|explain|scrub|status|lookup|posture|metrics|dashboard|check|init|ledger|tally) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $before in
    --policies|--out|--config|--state) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --level) mapfile -t COMPREPLY < <(compgen -W 'encrypt dane verify' -- "$word"); return ;;
    --parser|--timezone|--year|--host|--relayhost|--fallback-relay|--postfix-tls-loglevel|--overlap|--day|--domain|--to|--unsuppress|--queue-id|--lines|--max-lag|--server|--since|--days|--domains|--now) return ;;
  esac
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W 'run follow backfill report send sessions explain scrub status lookup posture metrics dashboard check init ledger tally --config --state --json --quiet --verbose --now --version --help' -- "$word"); return ;;
    run) options='--offline --config --state --json --quiet --verbose --now --version --help' ;;
    follow) options='--offline --config --state --quiet --verbose --now --version --help' ;;
    backfill) options='--parser --timezone --year --host --relayhost --fallback-relay --postfix-tls-loglevel --no-infer-plaintext --mid-stream --overlap --offline --policies --config --state --json --quiet --verbose --now --version --help' ;;
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
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    case $command in
      backfill) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      sessions) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      explain) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      scrub) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      lookup) mapfile -t COMPREPLY < <(compgen -- "$word") ;;
      ledger) mapfile -t COMPREPLY < <(compgen -W 'check backup restore restored' -f -- "$word") ;;
      tally) mapfile -t COMPREPLY < <(compgen -W 'export import' -f -- "$word") ;;
    esac
  fi
}
complete -F _maillog_tlsrpt maillog-tlsrpt
