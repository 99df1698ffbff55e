/** Sessions with one host, good or broken, at a time of 2026-11-23. */
export function lines(time: string, count: number, good: boolean): string {
  return Array.from({ length: count }, (_, i) => {
    const head = `Nov 23 ${time}:${String(i).padStart(2, '0')} mta1 postfix/smtp[${Number(time.replace(':', '')) + i}]:`;
    const peer = 'mx.example.org[192.0.2.25]:25';
    const id = `4Z${time.replace(':', '')}${i}XyzBCDF`;
    const told = good
      ? `${head} Trusted TLS connection established to ${peer}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n`
      : `${head} SSL_connect error to ${peer}: Connection reset by peer\n`;
    const sent = good
      ? 'dsn=2.0.0, status=sent (250 ok)'
      : 'dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)';
    return `${told}${head} ${id}: to=<u@example.org>, relay=${peer}, delay=1, delays=0/0/0.5/0.5, ${sent}\n`;
  }).join('');
}
