// Reads a part and computes its SHA-256, away from the thread of the page. What is hashed is what is sent.
onmessage = async ({ data: { id, blob } }) => {
  try {
    const bytes = await blob.arrayBuffer();
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    postMessage({ id, bytes, digest }, [bytes, digest]);
  } catch (failure) {
    postMessage({ id, failed: failure.name });
  }
};
