import { Page } from '../ui/page.tsx';
import { HomeTabs } from './home-tabs.tsx';
import { HOME } from './paths.ts';

export function NotFoundScreen() {
  return (
    <Page title="Nothing here" after={<HomeTabs />}>
      <section class="panel empty">
        <p>This address leads nowhere in Afield. The link may be from an older version.</p>
        <a class="btn btn-main btn-wide" href={HOME}>
          Go to Home
        </a>
      </section>
    </Page>
  );
}
