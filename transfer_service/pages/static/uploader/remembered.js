// Where a packet's files are on this machine and how many of them still wait, kept by the browser until all are sent:
// handles, where it has them (Chromium), and a number; no bytes and no names. Nothing fails where it can't.
const STORE = "handles";
const NOTHING = { handles: [], waiting: 0 };
const KEPT_FOR_MS = 14 * 24 * 3600 * 1000;

export async function remember(packet, handles) {
  if (handles.length > 0) await change(packet, (former) => ({ handles: [...former.handles, ...handles] }));
}

export async function keepCount(packet, waiting) {
  await change(packet, () => ({ waiting }));
}

export async function recall(packet) {
  const found = await attempt("readwrite", async (store) => {
    for (const key of await done(store.getAllKeys())) {
      if (Date.now() - (await done(store.get(key))).at > KEPT_FOR_MS) store.delete(key);
    }
    return done(store.get(packet));
  });
  return { ...NOTHING, ...found };
}

export async function forget(packet) {
  await attempt("readwrite", async (store) => store.delete(packet));
}

// The handles of a drop; call it while the drop is being told.
export async function handlesOf(transfer) {
  const asked = [...transfer.items].map((item) => item.getAsFileSystemHandle?.().catch(() => null));
  return (await Promise.all(asked)).filter(Boolean);
}

async function change(packet, more) {
  await attempt("readwrite", async (store) => {
    const former = { ...NOTHING, ...(await done(store.get(packet))) };
    store.put({ ...former, ...more(former), at: Date.now() }, packet);
  });
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
