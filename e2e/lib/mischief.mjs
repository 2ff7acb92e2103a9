// A server that misbehaves: it stands between the pages and the real server and may change, drop,
// repeat or invent any signalling message, and may answer media offers itself.
import http from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { chromium } from './people.mjs';

/**
 * Starts the proxy. `plan.toClient(message, socket)` and `plan.toServer(message, socket)` return the
 * messages to pass on: one, several, or none. `plan` may be changed while it runs.
 */
export async function misbehaving(server, plan = {}) {
  const target = new URL(server.url);
  const front = http.createServer((request, response) => {
    const onward = http.request({ host: target.hostname, port: target.port, path: request.url,
      method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4 << 20 });
  let number = 0;
  front.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (client) => {
    const headers = { host: request.headers.host, origin: request.headers.origin };
    const onward = new WebSocket(`ws://${target.host}${request.url}`, { headers, maxPayload: 4 << 20 });
    const id = ++number;
    const held = [];
    const pass = (from, to, edit) => async (data) => {
      const message = JSON.parse(data);
      const result = plan[edit] ? await plan[edit](message, { id, tell: (m) => client.send(JSON.stringify(m)), say: (m) => onward.send(JSON.stringify(m)) }) : message;
      for (const each of [result].flat().filter(Boolean)) {
        const text = JSON.stringify(each);
        if (to.readyState === WebSocket.CONNECTING) held.push(text);
        else if (to.readyState === WebSocket.OPEN) to.send(text);
      }
    };
    client.on('message', pass(client, onward, 'toServer'));
    onward.on('message', pass(onward, client, 'toClient'));
    onward.on('open', () => held.splice(0).forEach((text) => onward.send(text)));
    onward.on('close', () => client.close());
    onward.on('error', () => client.terminate());
    client.on('close', () => onward.close());
  }));
  await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${front.address().port}`,
    plan,
    stop: () => { for (const c of sockets.clients) c.terminate(); front.close(); front.closeAllConnections(); },
  };
}

/** A browser that answers offers with its own, unencrypted, camera and microphone. */
export async function plaintextPeer(sender) {
  const person = await chromium(sender);
  const page = await person.browser.newPage();
  await page.goto('about:blank');
  // getUserMedia needs a secure context; localhost pages of the server under test have one.
  return {
    person,
    async prepare(url) {
      await page.goto(url);
      await page.evaluate(async () => {
        window.media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
      });
    },
    answer: (sdp) => page.evaluate(async (offer) => {
      window.peer?.close();
      const peer = (window.peer = new RTCPeerConnection());
      await peer.setRemoteDescription({ type: 'offer', sdp: offer });
      for (const transceiver of peer.getTransceivers()) {
        const line = offer.split('\r\nm=').find((part) => part.includes(`a=mid:${transceiver.mid}\r\n`));
        if (line.includes('a=recvonly')) {
          const kind = transceiver.receiver.track.kind;
          await transceiver.sender.replaceTrack(window.media.getTracks().find((t) => t.kind === kind));
          transceiver.direction = 'sendonly';
        } else {
          transceiver.direction = 'recvonly';
        }
      }
      await peer.setLocalDescription(await peer.createAnswer());
      if (peer.iceGatheringState !== 'complete') {
        await new Promise((resolve) => {
          peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve();
          setTimeout(resolve, 2_000);
        });
      }
      return peer.localDescription.sdp;
    }, sdp),
    sent: () => page.evaluate(async () => {
      let frames = 0;
      for (const stat of (await window.peer.getStats()).values()) {
        if (stat.type === 'outbound-rtp' && stat.kind === 'video') frames += stat.framesSent ?? 0;
      }
      return frames;
    }),
  };
}
