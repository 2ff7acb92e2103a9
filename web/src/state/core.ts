// Mirrors `crates/client/src/{shell,view}.rs` and the wire types they use, as JSON.

/** Base64url without padding. */
export type Bytes = string;
export type Kind = 'mic' | 'camera' | 'screen' | 'screen_audio';

export interface Published { mid: string; kind: Kind; active: boolean }
export interface SlotWish { mid: string; participant: number; kind: Kind; height: number }

export type Command =
  | { command: 'join'; name: string }
  | { command: 'cancel_join' }
  | { command: 'passcode'; text: string }
  | { command: 'new_passcode' }
  | { command: 'reopen_passcode' }
  | { command: 'set_passcode'; on: boolean }
  | { command: 'admit'; knock: number }
  | { command: 'admit_all' }
  | { command: 'decline'; knock: number }
  | { command: 'remove'; device: Bytes }
  | { command: 'see_out'; device: Bytes }
  | { command: 'leave' }
  | { command: 'end_for_everyone' }
  | { command: 'set_muted'; kind: Kind; muted: boolean }
  | { command: 'show_code'; open: boolean }
  | { command: 'chat'; text: string }
  | { command: 'raise_hand'; on: boolean }
  | { command: 'set_stage'; device: Bytes; on: boolean }
  | { command: 'set_cohost'; device: Bytes; on: boolean }
  | { command: 'hand_over'; device: Bytes }
  | { command: 'set_rule'; rule: Rule; on: boolean }
  | { command: 'allow'; device: Bytes; rule: Right; on: boolean }
  /** To one person, or to everyone but the host's side. */
  | { command: 'ask'; device: Bytes | null; ask: Ask }
  | { command: 'unblock'; device: Bytes }
  | { command: 'rename'; device: Bytes; name: string }
  | { command: 'block'; knock: number }
  | { command: 'invite'; label: string; cohost: boolean }
  | { command: 'revoke'; invitation: Bytes }
  | { command: 'change_link' }
  | { command: 'set_waiting_room'; on: boolean; cap: number }
  | { command: 'tell'; text: string }
  | { command: 'rename_waiting'; knock: number; name: string };

/** What participants may or may not do. */
export type Right = 'unmute' | 'video' | 'share' | 'chat' | 'rename';
export type Rule = 'lock' | 'freeze' | 'join_muted' | 'join_camera_off' | 'several_presenters' | 'consulting' | 'viewers' | Right;
export type Ask = 'mute' | 'unmute' | 'stop_video' | 'start_video' | 'stop_sharing' | 'lower_hand';

/** Something that happens once. */
export type Notice =
  | 'mute' | 'asked_to_unmute' | 'stop_video' | 'asked_to_start_video' | 'stop_sharing' | 'hand_lowered'
  | 'join_muted' | 'join_camera_off';

export type MediaEvent =
  | { media: 'offer'; sdp: string; new: boolean }
  | { media: 'publish'; sources: Published[] }
  | { media: 'layout'; slots: SlotWish[] }
  | { media: 'connected' }
  | { media: 'failed' };

export type FrameEvent =
  | { frames: 'need_lease'; kind: Kind }
  | { frames: 'restarted' }
  | { frames: 'slot_verified'; mid: string; epoch: number; leaf: number }
  | { frames: 'slot_unverified'; mid: string };

export type Input =
  | { type: 'socket_opened' }
  | { type: 'socket_closed' }
  | { type: 'socket_message'; text: string }
  | { type: 'tick' }
  | { type: 'network_changed' }
  | ({ type: 'command' } & Command)
  | ({ type: 'media' } & MediaEvent)
  | ({ type: 'frames' } & FrameEvent);

export type MediaCommand =
  | { media: 'connect' }
  | { media: 'answer'; sdp: string }
  | { media: 'layers'; mid: string; rids: string[] }
  | { media: 'close' };

export type FrameCommand =
  | { frames: 'add_epoch'; epoch: number; base_key: Bytes }
  | { frames: 'drop_epochs'; through: number }
  | { frames: 'drop_leaf'; before: number; leaf: number }
  | { frames: 'rights'; others: number; leaves: [leaf: number, kinds: number][] }
  | { frames: 'send_with'; epoch: number; leaf: number }
  | { frames: 'lease'; kind: Kind; epoch: number; start: number; count: number }
  | { frames: 'stop_sending' }
  | { frames: 'clear' };

export type Output =
  | { type: 'connect'; path: string }
  | { type: 'disconnect' }
  | { type: 'send'; text: string }
  | { type: 'save'; state: Bytes }
  | { type: 'forget' }
  | { type: 'wake_at'; mono: number }
  | { type: 'view'; view: View }
  | { type: 'notice'; notice: Notice }
  | ({ type: 'media' } & MediaCommand)
  | ({ type: 'frames' } & FrameCommand);

export type Phase =
  | 'opening' | 'lobby' | 'waiting' | 'entering' | 'in_meeting'
  | 'left' | 'removed' | 'ended' | 'refused' | 'failed';

export type Problem =
  | 'declined' | 'locked' | 'full' | 'bad_link' | 'no_such_meeting'
  | 'wrong_host_key' | 'other_tab' | 'stale_group' | 'version' | 'busy' | 'internal';

export type Connection = 'connecting' | 'online' | 'returning';
export type Safety = 'none' | 'private' | 'unconfirmed' | 'paused' | 'interference';
export type PersonRole = 'viewer' | 'participant' | 'recorder' | 'gateway' | 'cohost' | 'host';

export type PasscodeState = 'none' | 'checking' | 'closed' | { wrong: { tries_left: number } };

/** What this device knows of another one, from earlier visits. */
export type Met = 'never' | 'same_device' | 'new_device' | { same_device_as: string };

export interface Waiting {
  knock: number;
  name: string;
  device: Bytes;
  met: Met;
  /** The label of the personal invitation it came by. */
  invited_as: string | null;
  /** Another device came by that invitation before. */
  new_device: boolean;
  /** Another party is here, or on its way in. */
  held: boolean;
}

export interface Person {
  device: Bytes;
  participant: number | null;
  name: string;
  role: PersonRole;
  met: Met;
  me: boolean;
  connected: boolean;
  mic_on: boolean;
  camera_on: boolean;
  screen_on: boolean;
  /** Its place among the raised hands, from 0. */
  hand: number | null;
  may: May;
}

export interface May { unmute: boolean; video: boolean; share: boolean; chat: boolean; rename: boolean; control: boolean }

export interface Rules {
  locked: boolean;
  frozen: boolean;
  join_muted: boolean;
  join_camera_off: boolean;
  several_presenters: boolean;
  /** `null` while the waiting room is on. */
  auto_admit: AutoAdmit | null;
  consulting: boolean;
  /** Newcomers only watch. */
  viewers: boolean;
  unmute: boolean;
  video: boolean;
  share: boolean;
  chat: boolean;
  rename: boolean;
}

/** What those who run the server have fixed: switches and whole features by name, and why, in their words. */
export interface Policy { pinned: string[]; forbidden: string[]; reason: string }

/** `until`: milliseconds since 1970; `shared_links`: also by links that everyone has. */
export interface AutoAdmit { until: number; cap: number; shared_links: boolean }

export interface Banned { device: Bytes; name: string }

export interface Invitation { id: Bytes; label: string; path: string; device_known: boolean; cohost: boolean }

export interface Slot {
  mid: string;
  kind: Kind;
  claimed: number | null;
  device: Bytes | null;
  unverified: boolean;
}

export interface ChatLine { device: Bytes; name: string; text: string; at: number; delivery: 'delivered' | 'waiting' | 'failed' }

export interface View {
  phase: Phase;
  problem: Problem | null;
  connection: Connection;
  host: boolean;
  my_name: string;
  my_device: Bytes;
  title: string;
  host_name: string;
  host_present: boolean;
  /** While waiting: the knock lies at the host's device. */
  host_knows: boolean;
  /** What the host's side has said to whoever waits. */
  told: string[];
  invite_path: string;
  passcode: { needed: boolean; state: PasscodeState };
  passcode_shown: string;
  passcode_closed: boolean;
  waiting: Waiting[];
  people: Person[];
  slots: Slot[];
  safety: Safety;
  code: string | null;
  chat: ChatLine[];
  speakers: Bytes[];
  may: May;
  rules: Rules;
  policy: Policy;
  banned: Banned[];
  invitations: Invitation[];
}

export const emptyView: View = {
  phase: 'opening', problem: null, connection: 'connecting', host: false, my_name: '', my_device: '',
  title: '', host_name: '', host_present: false, host_knows: false, told: [], invite_path: '',
  passcode: { needed: false, state: 'none' }, passcode_shown: '', passcode_closed: false, waiting: [], people: [], slots: [],
  safety: 'none', code: null, chat: [], speakers: [],
  may: { unmute: false, video: false, share: false, chat: false, rename: false, control: false },
  rules: {
    locked: false, frozen: false, join_muted: false, join_camera_off: false, several_presenters: false, auto_admit: null, consulting: false, viewers: false,
    unmute: true, video: true, share: false, chat: true, rename: true,
  },
  policy: { pinned: [], forbidden: [], reason: '' },
  banned: [], invitations: [],
};
