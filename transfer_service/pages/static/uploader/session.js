// Who is signed in: the page's token, and whether a new session has begun in another tab.
const ASK_EVERY_S = 5;
const PATIENCE_S = 60;

// The page at that address as the service writes it now; null where it is no page for whoever asks.
export async function pageNow(address) {
  const answer = await fetch(address, {
    redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_S * 1000),
  });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

export class Session {
  constructor() {
    this.meta = document.querySelector('meta[name="csrf-token"]');
    this.renewing = null;
  }

  get token() {
    return this.meta?.content ?? "";
  }

  // Comes back once somebody is signed in, with that session's token. However many ask, one asks the service.
  renewed() {
    this.renewing ??= this.renew().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  async renew() {
    while (!(await this.look())) await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_S * 1000));
  }

  async look() {
    try {
      const page = await pageNow(location.pathname);
      return this.take(page?.querySelector('meta[name="csrf-token"]')?.content);
    } catch {
      return false;
    }
  }

  take(token) {
    if (!token) return false;
    this.meta.content = token;
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = token;
    return true;
  }
}
