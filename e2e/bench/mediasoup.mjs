// mediasoup behind the same commands as the server of `sfu_bench`, for `make bench-sfu`: lines of JSON on stdin, answers on stdout.
// The folder in MEDIASOUP holds an installed `mediasoup` (npm); MEDIASOUP_WORKER_BIN may name its worker. Its worker is what is measured.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import path from "node:path";

const require = createRequire(path.resolve(process.env.MEDIASOUP, "package.json"));
const mediasoup = require("mediasoup");
const { headerExtensions } = mediasoup.getSupportedRtpCapabilities();
const idOf = (name) => headerExtensions.find(({ uri }) => uri.includes(name)).preferredId;

const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const worker = await mediasoup.createWorker({ logLevel: "error" });
worker.on("died", () => process.exit(1));
tell({ pid: worker.pid });

let router;
const peers = new Map();

/** What an offer says, section by section. */
function read(sdp) {
  const sections = sdp.split(/^m=/m).slice(1);
  return sections.map((section) => {
    const one = (pattern) => section.match(pattern)?.[1];
    const codec = section.match(/^a=rtpmap:(\d+) (opus|VP8)\/(\d+)/im);
    return {
      kind: section.slice(0, 5),
      mid: one(/^a=mid:(\S+)/m),
      sends: /^a=sendonly/m.test(section),
      payloadType: Number(codec[1]),
      clockRate: Number(codec[3]),
      repair: Number(one(new RegExp(`^a=fmtp:(\\d+) apt=${codec[1]}`, "m"))) || undefined,
      ssrc: Number(one(/^a=ssrc:(\d+)/m)) || undefined,
      extensions: [...section.matchAll(/^a=extmap:(\d+)\S* (\S+)/gm)].map(([, id, uri]) => ({ uri, id: Number(id) })),
    };
  });
}

async function createRouter(lines) {
  const audio = lines.find((line) => line.kind === "audio");
  const video = lines.find((line) => line.kind === "video");
  return worker.createRouter({
    mediaCodecs: [
      { kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2, preferredPayloadType: audio.payloadType },
      { kind: "video", mimeType: "video/VP8", clockRate: 90000, preferredPayloadType: video.payloadType },
    ],
  });
}

function answer(lines, transport) {
  const { iceParameters: ice, iceCandidates, dtlsParameters } = transport;
  const { algorithm, value } = dtlsParameters.fingerprints.find((print) => print.algorithm === "sha-256");
  const known = new Set(headerExtensions.map(({ uri }) => uri));
  const sections = lines.map((line) => {
    const opus = line.kind === "audio";
    const codec = opus ? "opus/48000/2" : "VP8/90000";
    const feedback = opus ? ["transport-cc"] : ["transport-cc", "nack", "nack pli"];
    return [
      `m=${line.kind} 9 UDP/TLS/RTP/SAVPF ${line.payloadType}`,
      "c=IN IP4 0.0.0.0",
      `a=mid:${line.mid}`,
      `a=ice-ufrag:${ice.usernameFragment}`,
      `a=ice-pwd:${ice.password}`,
      `a=fingerprint:${algorithm} ${value}`,
      "a=setup:passive",
      ...iceCandidates.map((c) => `a=candidate:${c.foundation} 1 ${c.protocol} ${c.priority} ${c.address ?? c.ip} ${c.port} typ ${c.type}`),
      "a=rtcp-mux",
      line.sends ? "a=recvonly" : "a=sendonly",
      `a=rtpmap:${line.payloadType} ${codec}`,
      ...feedback.map((what) => `a=rtcp-fb:${line.payloadType} ${what}`),
      ...line.extensions.filter(({ uri }) => known.has(uri)).map(({ uri, id }) => `a=extmap:${id} ${uri}`),
    ];
  });
  const head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=group:BUNDLE ${lines.map((line) => line.mid).join(" ")}`, "a=ice-lite"];
  return `${[...head, ...sections.flat()].join("\r\n")}\r\n`;
}

async function join({ peer, sdp }) {
  const lines = read(sdp);
  router ??= await createRouter(lines);
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
    initialAvailableOutgoingBitrate: 1_500_000,
  });
  const [, algorithm, value] = sdp.match(/^a=fingerprint:(\S+) (\S+)/m);
  await transport.connect({ dtlsParameters: { role: "client", fingerprints: [{ algorithm, value }] } });
  peers.set(peer, { lines, transport, camera: undefined });
  tell([peer, answer(lines, transport), idOf("transport-wide-cc"), idOf("abs-send-time")]);
}

async function publish({ peer, mic, camera }) {
  const { lines, transport } = peers.get(peer);
  const produce = (mid) => {
    const line = lines.find((each) => each.mid === mid);
    const opus = line.kind === "audio";
    const codec = {
      mimeType: opus ? "audio/opus" : "video/VP8",
      payloadType: line.payloadType,
      clockRate: line.clockRate,
      ...(opus && { channels: 2 }),
      rtcpFeedback: opus ? [{ type: "transport-cc" }] : [{ type: "transport-cc" }, { type: "nack" }, { type: "nack", parameter: "pli" }],
    };
    return transport.produce({
      kind: line.kind,
      rtpParameters: {
        mid,
        codecs: [codec],
        headerExtensions: line.extensions.filter(({ uri }) => headerExtensions.some((known) => known.uri === uri)),
        encodings: [{ ssrc: line.ssrc }],
        rtcp: { cname: `guest-${peer}` },
      },
    });
  };
  if (mic) {
    const producer = await produce(mic);
    for (const [other, { transport: to }] of peers) {
      if (other !== peer) await consume(to, producer);
    }
  }
  if (camera) peers.get(peer).camera = await produce(camera);
}

const consume = (transport, producer) =>
  transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities, paused: false });

async function watch({ peer, wishes }) {
  for (const [, whom] of wishes) {
    await consume(peers.get(peer).transport, peers.get(whom).camera);
  }
}

const commands = { join, publish, watch };
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  await (commands[command.do] ?? (() => tell({ metrics: {} })))(command);
}
process.exit(0);
