/** The page's look, light and dark; every text colour has a contrast of at least 4.5, every bar of 3. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #ffffff; --card: #f5f6f8; --line: #d3d7de; --text: #1b1f27; --soft: #545b68; --link: #0b57b0;
  --verified: #12703f; --trusted: #2468b8; --untrusted: #9a6700; --unsaid: #6b7280; --plaintext: #8a3fa8; --failed: #c0271c; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171c; --card: #1e232b; --line: #3a414d; --text: #e8eaee; --soft: #a9b1bf; --link: #8ab8f5;
  --verified: #45b97c; --trusted: #6aa6f0; --untrusted: #d9a531; --unsaid: #939cab; --plaintext: #c58be0; --failed: #f2766b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 1.2rem 0 .2rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0 .7rem; }
.soft { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem; padding: 0; margin: 1rem 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles strong { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; padding: 0; margin: .4rem 0; list-style: none; }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: .15em; margin-right: .4em; vertical-align: -.05em; }
.verified { background: var(--verified); fill: var(--verified); } .trusted { background: var(--trusted); fill: var(--trusted); }
.untrusted { background: var(--untrusted); fill: var(--untrusted); } .unsaid { background: var(--unsaid); fill: var(--unsaid); }
.plaintext { background: var(--plaintext); fill: var(--plaintext); } .failed { background: var(--failed); fill: var(--failed); }
.chart { width: 100%; height: auto; display: block; }
.chart text { fill: var(--soft); font-size: 11px; } .chart line { stroke: var(--line); }
.filters { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; margin: .6rem 0; }
.filters label { display: block; color: var(--soft); font-size: .85rem; }
input, select, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--soft); border-radius: .35rem; padding: .3rem .5rem; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: middle; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--card); white-space: nowrap; }
thead button { border: 0; background: none; padding: 0; font-weight: 600; }
thead button::after { content: " \\2195"; color: var(--soft); }
th[aria-sort=ascending] button::after { content: " \\2191"; color: inherit; }
th[aria-sort=descending] button::after { content: " \\2193"; color: inherit; }
td.number, th.number { text-align: right; }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 9rem; }
.bar { display: flex; width: 9rem; height: .9rem; border-radius: .2rem; overflow: hidden; background: var(--card); gap: 1px; }
.bar span { min-width: 2px; }
.spark { width: 6rem; height: 1.4rem; display: block; } .spark .all { fill: var(--failed); } .spark .good { fill: var(--trusted); }
code { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.copy { display: flex; gap: .5rem; align-items: center; } .copy button { padding: .1rem .5rem; font-size: .85rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
details { margin: .6rem 0; } summary { cursor: pointer; }
footer { color: var(--soft); margin: 2.5rem auto 1.5rem; }
@media (max-width: 44rem) {
  .wide { display: none; } .chart text { font-size: 25px; } .bar { width: 4rem; }
  th, td { padding: .35rem .3rem; font-size: .92rem; } tbody th { min-width: 6rem; }
  thead button::after { content: ""; } .copy { display: block; min-width: 13rem; } }
@media print { .filters, .copy button { display: none; } .scroll { overflow: visible; } }
`;
