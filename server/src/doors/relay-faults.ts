/** Why the relay cannot be reached, in one sentence that says what to do. */

const BY_CODE: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens at this address. Is the relay running, and is the port right?',
  ENOTFOUND: 'Its name cannot be resolved. Check the spelling of the address, and this machine’s network.',
  EAI_AGAIN: 'Its name cannot be resolved just now. Check this machine’s network.',
  ETIMEDOUT: 'It does not answer. Check the address and the firewall of its host.',
  EHOSTUNREACH: 'There is no way to its host. Check this machine’s network.',
  ENETUNREACH: 'There is no network.',
  ECONNRESET: 'It broke the connection off. A proxy in front may not allow WebSockets.',
  CERT_HAS_EXPIRED: 'Its TLS certificate has expired. Renew it on the relay’s host.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its TLS certificate is self-signed. Get one from a certificate authority (Caddy does it by itself).',
  SELF_SIGNED_CERT_IN_CHAIN: 'Its TLS certificate is not from an authority that this machine knows.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Its TLS certificate cannot be verified: the chain is incomplete.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its TLS certificate is for another name. Check the address.',
};

export function faultOfError(error: NodeJS.ErrnoException): string {
  // Several addresses were tried: the first reason stands for all.
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : error;
  const known = BY_CODE[first?.code ?? ''];
  if (known !== undefined) return known;
  if (/handshake has timed out/.test(error.message)) return 'It did not answer within 10 s.';
  if (/subprotocol/i.test(error.message)) return 'What answers there is no Afield relay.';
  return `The connection failed (${first?.code ?? error.message.slice(0, 120)}).`;
}

export function faultOfStatus(status: number, room: string): string {
  if (status === 401)
    return 'It refused the key of this home server’s room (401). If a proxy stands in front, it must pass the Authorization header on.';
  if (status === 403) return `It does not let this home server in (403). Add its room to RELAY_ROOMS there: ${room}`;
  if (status === 429) return 'It has too many connections from this address (429). It will be tried again.';
  if (status >= 300 && status < 400) return `It answers with a redirect (${status}). Set the address that it points to.`;
  if (status === 404 || status === 200 || status === 426)
    return `What answers there is no Afield relay (${status}). Check the path of the address.`;
  if (status >= 500) return `The proxy in front of it cannot reach it (${status}). Is the relay running?`;
  return `It refused the connection (${status}).`;
}

/** Why an open line ended (RFC 6455, section 7.4.1). */
export function faultOfClose(code: number): string {
  if (code === 1001) return 'It is going away: it stops or starts again.';
  if (code === 1006) return 'The line broke.';
  if (code === 1013) return 'It has no room for another socket of this home server.';
  return `It closed the connection (${code}).`;
}
