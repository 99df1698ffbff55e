/** Names and words a stranger may choose, each made to break out of some place in a page. */
export const HOSTILE = [
  '<script>window.hacked = 1</script>',
  '"><img src=x onerror="window.hacked = 2">',
  "' onmouseover='window.hacked = 3",
  '</script><script>window.hacked = 4</script>',
  '</title><svg onload=window.hacked=5>',
  '\u0024{window.hacked = 6}',
  'javascript:window.hacked=7',
  '<!-- --><style>*{display:none}</style>',
  '&lt;script&gt;',
  'a\u202eb\u0007c\u200bd',
] as const;
