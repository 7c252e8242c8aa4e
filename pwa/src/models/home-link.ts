import type { Api, Operation } from '@afield/shared/api.ts';
import type { Link } from '@afield/shared/link/link.ts';
import type { Received, Sent } from '@afield/shared/route.ts';

/** What the models need of the way home: the lasting link, and typed requests of the API over it. Throws `AfieldError`. */
export interface HomeLink
  extends Pick<Link, 'connection' | 'welcome' | 'start' | 'close' | 'checkNow' | 'setNetwork' | 'subscribe' | 'attach' | 'onReconnected'> {
  call<O extends Operation>(operation: O, sent?: Sent<Api[O]>): Promise<Received<Api[O]>>;
}

/** True while requests reach home. */
export function isOpen(link: Pick<HomeLink, 'connection'>): boolean {
  const { state } = link.connection.value;
  return state === 'online' || state === 'catching_up';
}
