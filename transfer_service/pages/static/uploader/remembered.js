// Where a packet's files are on this machine, kept by the browser until they are all sent: handles, no bytes.
// Only where the browser has them (Chromium); nothing fails where it has not.
const STORE = "handles";
const KEPT_FOR_MS = 14 * 24 * 3600 * 1000;

export async function remember(packet, handles) {
  await attempt("readwrite", async (store) => {
    const former = await done(store.get(packet));
    store.put({ handles: [...(former?.handles ?? []), ...handles], at: Date.now() }, packet);
  });
}

export async function recall(packet) {
  const found = await attempt("readwrite", async (store) => {
    for (const key of await done(store.getAllKeys())) {
      if (Date.now() - (await done(store.get(key))).at > KEPT_FOR_MS) store.delete(key);
    }
    return done(store.get(packet));
  });
  return found?.handles ?? [];
}

export async function forget(packet) {
  await attempt("readwrite", async (store) => store.delete(packet));
}

// The handles of a drop; call it while the drop is being told.
export async function handlesOf(transfer) {
  const asked = [...transfer.items].map((item) => item.getAsFileSystemHandle?.().catch(() => null));
  return (await Promise.all(asked)).filter(Boolean);
}

async function attempt(mode, act) {
  try {
    const opening = indexedDB.open("uploads", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
      return await act(database.transaction(STORE, mode).objectStore(STORE));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
