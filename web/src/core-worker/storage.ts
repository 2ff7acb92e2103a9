// What this device keeps of a meeting: its seed and the core's saved state, encrypted at rest under
// a key that no script can read. Where the browser keeps nothing, a reload means asking again.

const DATABASE = 'in-camera';
const KEYS = 'keys';
const SEALED = 'sealed';

interface Sealed { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer }

export interface Storage {
  get(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Resolves when the bytes would survive a crash. */
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(name: string): Promise<void>;
}

export async function openStorage(): Promise<Storage> {
  try {
    const database = await openDatabase();
    return new SealedStorage(database, await storageKey(database));
  } catch {
    return new TransientStorage();
  }
}

class SealedStorage implements Storage {
  constructor(private readonly database: IDBDatabase, private readonly key: CryptoKey) {}

  async get(name: string) {
    const sealed = await request<Sealed | undefined>(this.store('readonly').get(name));
    if (!sealed) return null;
    const plain = await crypto.subtle.decrypt(this.algorithm(name, sealed.iv), this.key, sealed.data).catch(() => null);
    return plain && new Uint8Array(plain);
  }

  async put(name: string, bytes: Uint8Array<ArrayBuffer>) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt(this.algorithm(name, iv), this.key, bytes);
    const store = this.store('readwrite');
    store.put({ iv, data } satisfies Sealed, name);
    await finished(store.transaction);
  }

  async remove(name: string) {
    const store = this.store('readwrite');
    store.delete(name);
    await finished(store.transaction);
  }

  private store(mode: IDBTransactionMode) {
    return this.database.transaction(SEALED, mode, { durability: 'strict' }).objectStore(SEALED);
  }

  /** The name is authenticated, so one meeting's state cannot be passed off as another's. */
  private algorithm(name: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) };
  }
}

class TransientStorage implements Storage {
  private readonly kept = new Map<string, Uint8Array<ArrayBuffer>>();
  get = async (name: string) => this.kept.get(name) ?? null;
  put = async (name: string, bytes: Uint8Array<ArrayBuffer>) => void this.kept.set(name, bytes);
  remove = async (name: string) => void this.kept.delete(name);
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(KEYS);
    opening.result.createObjectStore(SEALED);
  };
  return request(opening);
}

/** Two tabs may come here at once: the key that is stored first is everyone's. */
async function storageKey(database: IDBDatabase): Promise<CryptoKey> {
  const found = await request<CryptoKey | undefined>(database.transaction(KEYS).objectStore(KEYS).get('at-rest'));
  if (found) return found;
  const fresh = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const store = database.transaction(KEYS, 'readwrite').objectStore(KEYS);
  const winner = await request<CryptoKey | undefined>(store.get('at-rest'));
  if (winner) return winner;
  store.put(fresh, 'at-rest');
  await finished(store.transaction);
  return fresh;
}

const request = <T>(asked: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

const finished = (transaction: IDBTransaction) =>
  new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
