# In Camera, English. Names that people and tests rely on are listed in docs/ui-names.md.

brand = In Camera
tagline = A private room for a conversation
page-title = In Camera
page-title-waiting = Someone is waiting · In Camera

## Home
home-lead = Open a room, send the link, let in whom you expect. Only the people in the room can see and hear you: not us, not whoever runs the server.
new-meeting = New meeting
new-meeting-busy = Opening a room…
home-or = or join one
meeting-link = Meeting link or ID
join = Join
join-bad = That does not look like a meeting link. Paste the whole link you were sent, or its ID.
join-elsewhere = That link leads to another server. Open it in your browser's address bar.
home-point-1 = Private end to end
home-point-1-more = Encrypted on your device, opened only on theirs.
home-point-2 = You hold the door
home-point-2-more = Nobody comes in until you let them in.
home-point-3 = Nothing to install
home-point-3-more = No account, no app, no tracking.
privacy-link = What is private here, and what is not
create-refused = This server did not open a room. Please try again in a minute.
create-busy = This server is busy just now. Please try again in a minute.
create-unreachable = The server could not be reached. Check your connection and try again.
create-broken = This browser could not prepare the encryption. Please try an up-to-date Safari, Chrome or Firefox.

## Permission
permission-title = Your browser will now ask for camera and microphone. Press Allow.
permission-lead = So that you can be seen and heard once you are let in. Nothing is sent before that.
permission-continue = Continue
permission-without = Join without camera
permission-asking = Look for your browser's question, usually at the top of the window.
refused-title = Your browser is keeping camera and microphone closed
refused-lead = This page goes on by itself as soon as you allow them:
refused-chromium-1 = Click the small icon left of the address at the top.
refused-chromium-2 = Switch Camera and Microphone on.
refused-chromium-touch-1 = Tap the icon left of the address, then Permissions.
refused-chromium-touch-2 = Allow Camera and Microphone.
refused-firefox-1 = Click the crossed-out camera or microphone left of the address.
refused-firefox-2 = Remove “Blocked”, then press Try again.
refused-safari-1 = In the menu bar choose Safari, then Settings for This Website.
refused-safari-2 = Set Camera and Microphone to Allow.
refused-safari-touch-1 = Tap the icon left of the address, then Website Settings.
refused-safari-touch-2 = Set Camera and Microphone to Allow.
refused-other-1 = Open your browser's settings for this website.
refused-other-2 = Allow Camera and Microphone.
try-again = Try again
join-without-both = Join without camera and microphone

## Before joining
lobby-title = Ready when you are
lobby-title-host = Your room is ready
lobby-title-with = Meeting with { $host }
your-name = Your name
your-name-hint = The others see this name. A first name and an initial are enough, like Maria K.
use-short-name = Use { $name }
remember-name = Remember my name on this device
name-missing = Please type your name first.
your-camera = Your camera
camera-is-off = Your camera is off
no-camera = No camera found
camera-in-use = Another program is using your camera
no-microphone = No microphone found
microphone-in-use = Another program is using your microphone
denied-camera = The browser keeps your camera closed
denied-microphone = The browser keeps your microphone closed
microphone = Microphone
camera = Camera
microphone-level = Microphone level
microphone-device = Microphone device
camera-device = Camera device
speaker-device = Speaker device
default-device = Default
device-settings = Choose devices
start-meeting = Start meeting
ask-to-join = Ask to join
lobby-note-guest = You will not be seen or heard until you are let in.
lobby-note-host = You are alone in the room until you let someone in.
lobby-note-away = { $host } is not here yet. You can ask already and will wait comfortably.
the-host = The host
opening = Opening the room…
coming-back = Bringing you back into the meeting…

## Passcode
passcode-title = What is the passcode?
passcode-lead = The host has it. With the whole link from your invitation you need none.
passcode = Passcode
passcode-enter = Continue
passcode-checking = Asking the host's device…
passcode-waiting = The host is not here yet. The passcode is checked as soon as they come; you can leave this page open.
passcode-wrong = { $tries ->
    [one] That is not the passcode. You can try once more.
   *[other] That is not the passcode. You can try { $tries } more times.
  }
passcode-closed = No passcode opens anything on this device just now. Ask the host for the whole link. Or try again in an hour, when the host has reopened the passcode.

## Waiting
waiting-title = You're in the right place
waiting-status = Waiting for the host to let you in
waiting-known = Your host knows you are here.
waiting-calm = Nothing to do; no one can see or hear you yet.
waiting-told-by = From the host
waiting-away = { $host } is not here yet. You will be announced as soon as they come. Nothing to do; no one can see or hear you yet.
waiting-dropped = The connection dropped. We're bringing it back, stay here.
leave = Leave

## Notices
declined-title = You were not let in
declined-what = The host has declined. If you think this is a mistake, call or write to them, then ask once more.
locked-title = The meeting is locked
locked-what = The host is letting nobody in just now. Ask them to unlock the meeting, then try again.
full-title = The room is full
full-what = There is no free place in this meeting. Please tell the host, or try again in a few minutes.
bad-link-title = This link does not open the meeting
bad-link-what = The link is incomplete, or the host has replaced it. Copy the whole link again from the invitation, or ask the host for a new one.
no-such-meeting-title = There is no meeting here
no-such-meeting-what = No meeting with this address exists on this server. Check the link in your invitation, or ask the host for it.
wrong-host-key-title = This is not the meeting your link promises
wrong-host-key-what = The server shows another host than the one in your link, so nothing was sent. Ask the host for the link once more, by another way if you can.
other-tab-title = This meeting is open in another tab
other-tab-what = You can be in a meeting only once from this browser. Go back to the other tab, or use this one.
use-this-tab = Use this tab
stale-group-title = The server offered an older meeting than yours
stale-group-what = To be safe, this device does not go back into it. Tell the host, and ask to be let in again.
version-title = This page is older than the server
version-what = Reload it to get the current one.
busy-title = Many people are asking just now
busy-what = The waiting room has no free place. Please try again in a minute.
internal-title = Something went wrong on this page
internal-what = Reload the page: you come back to the same meeting. If it happens again, tell whoever runs this server.
removed-title = You are no longer in the meeting
removed-what = The host has removed you. Nobody in the meeting can see or hear you. If you think this is a mistake, contact the host.
ended-title = The meeting has ended
ended-what = The host has ended it for everyone. You can close this page.
left-title = You have left
left-what = You can close this page.
rejoin = Rejoin
reload = Reload
ask-again = Ask again
to-home = To the start page
unsupported-title = Open this in Safari (or Chrome)
unsupported-what = This browser cannot encrypt a call, so it was not started. If you opened the link inside a mail or chat app, copy it and open it in Safari, Chrome or Firefox.
insecure-title = This address is not secure
insecure-what = Browsers give camera and encryption only to pages that start with https. Ask whoever sent you the link for the https address.
copy-link = Copy link
copied = Copied
copy-by-hand = Copy this link:
not-found-title = There is nothing at this address
not-found-what = Check the address, or begin at the start page.

## In the meeting
call-controls = Call controls
mute = Mute
unmute = Unmute
stop-video = Stop video
start-video = Start video
participants = Participants
participants-waiting = { $count ->
    [one] one person waiting
   *[other] { $count } people waiting
  }
chat = Chat
chat-new = new messages
more = More
private = Private
preparing = Preparing
encryption = Encryption
you = { $name } (you)
you-short = You
stage = Meeting
muted = muted
speaking = speaking
reconnecting = reconnecting
poor-connection = poor connection
not-verified = not verified
not-verified-more = What arrives does not carry a key of this meeting, so it is not shown.
dropped = { $name }'s connection dropped, returning
more-people = and { $count } more
move-own = Move your picture
entering = Setting up the encryption…
you-are-muted = You are muted. Press Unmute or the M key to speak.
returning-title = Your connection dropped
returning-what = We're bringing you back, stay here.
sound-title = Your browser is holding back the sound
sound-on = Turn sound on

## Sharing a screen
share-screen = Share screen
share = Share
raise-hand = Raise hand
lower-hand = Lower hand
hand = Hand
stop-sharing = Stop sharing
sharing = Sharing
share-taken = { $name } is sharing a screen. You can share when { $name } has stopped.
share-not-allowed = The host has not allowed you to share your screen.
share-ended = The host has ended sharing.
share-system = Your computer does not let the browser record the screen. Allow it in the system's privacy settings, then try again.
share-failed = The screen could not be shared. Please try again, or choose another window.
sharing-monitor = You are sharing your whole screen
sharing-window = You are sharing a window
sharing-browser = You are sharing a tab
sharing-something = You are sharing your screen
sharing-sound = with sound
sharing-silent = without sound
share-preview = What you are sharing
share-matters = What matters most
share-detail = Sharp text
share-motion = Smooth motion
screen-of = { $name }'s screen
screen-keys = Plus and minus zoom, arrow keys move, 0 shows the whole screen
screen-coming = Waiting for { $name }'s screen…
screen-view = View of the screen
zoom-in = Zoom in
zoom-out = Zoom out
zoom-reset = Reset zoom
full-screen = Full screen
leave-full-screen = Leave full screen
announce-sharing = You are sharing your screen
announce-sharing-ended = You have stopped sharing
announce-shares = { $name } is sharing a screen
announce-shares-ended = { $name } has stopped sharing

## Empty room
empty-title = You're the first one here
empty-what = Send this link to the person you expect.
empty-door = Nobody can enter until you admit them.
copy-invite = Copy invite link
copy-invitation = Copy an invitation
invitation =
    Hello, this is the link to our private video meeting:
    { $link }
    Please open it a few minutes early. You need no account and no app: press Allow when your browser asks for camera and microphone, and I will let you in.
empty-passcode = Or tell them this page's address and the passcode { $passcode }.
alone-title = Nobody else is here just now
alone-what = You can wait here. The others come back by themselves.

## Participants
in-the-meeting = In the meeting
waiting-room = Waiting room
admit = Admit
admit-name = Admit { $name }
decline = Decline
message-to-waiting = Message to those waiting
send-to-waiting = Send to waiting
sent-to-waiting = Sent to those waiting
decline-name = Decline { $name }
admit-all = Admit all
remove-name = Remove { $name }
see-out-name = See { $name } out
make-cohost-name = Make co-host { $name }
take-cohost-name = Take back co-host from { $name }
hand-over-name = Hand over host to { $name }
handing-over = The meeting goes to { $name } now: the host’s rights, the links and the passcode. You stay as co-host.
handing-over-cancelled = You stay the host
held-by = { $names } { $count ->
    [one] is
   *[other] are
 } still here. You can admit the next person as soon as they have left.
held-locked = The meeting is locked. You can admit people once you have unlocked it.
held-stopped = Everything is stopped. You can admit people once you have resumed.
held-entering = Somebody else is on the way in. You can admit the next person once they have left.
met-same-device = same device as last time
met-same-device-as = same device as last time, when it was { $name }
met-new-device = new device, not the one of last time
invited-as = invited as { $label }
new-device = new device: this link was used by another one before
role-host = Host
role-participant = Guest
role-cohost = Co-host
role-viewer = Viewer
role-recorder = Recorder
role-gateway = Phone gateway
is-you = you
hand-raised = hand raised
hand-raised-place = hand raised, { $place ->
    [one] first
   *[other] number { $place }
 }
lower-hand-name = Lower { $name }'s hand
on-stage-name = Bring { $name } on stage
off-stage-name = Take { $name } off stage
mic-off = microphone off
mute-name = Mute { $name }
ask-unmute-name = Ask { $name } to unmute
stop-video-name = Stop { $name }'s video
stop-sharing-name = Stop { $name }'s sharing
rename-name = Rename { $name }
new-name-for = New name for { $name }
save-name = Save name
block-name = Block { $name }
mute-all = Mute all
same-name = another person here has this name
looks-like = looks like another name here: { $name }
close = Close
door-one = { $name } is waiting
door-more = { $count } people are waiting
door-see = See who

passcode-is-closed = The passcode is closed: too many wrong ones were tried.
passcode-is-off = The passcode is off. Only the link lets people ask to come in.
passcode-reopen = Reopen it
passcode-new = New passcode
passcode-off = Turn off
passcode-on = Turn on passcode

## Personal invitations
personal-invitations = Personal invitations
invitations-lead = A link for one person and one device. You see who comes by it, and can revoke it without disturbing anybody else.
invitations-full = There are { $most } personal invitations, the most a meeting can have. Revoke one to make another.
invitation-for = Invitation for
as-cohost = As co-host
as-cohost-more = For your own second device, or someone who runs the meeting with you
create-link = Create link
invitation-used = used by one device
invitation-unused = not used yet
revoke = Revoke

## Security
security = Security
lock-meeting = Lock meeting
lock-meeting-more = Nobody else gets in, not even the waiting room.
waiting-room-more = Nobody comes in before you admit them.
waiting-room-off-more = Whoever has a link comes in without a click until { $time }, while fewer than { $cap } people are here.
waiting-room-suspended = People with the shared link wait again because someone was removed.
waiting-room-open-again = Let them in again
waiting-room-ask = Whoever has the link will come in without being asked, and see and hear everyone at once. This ends by itself after eight hours. A second device of a personal invitation still waits, and nobody you have removed comes back.
waiting-room-cap = At most this many people
waiting-room-off = Turn waiting room off
consulting-mode = Consulting mode
consulting-mode-more = One party at a time: one person, or the people of one invitation. Nobody else gets in before they have left.
viewers = Newcomers only watch
viewers-more = They see and hear, and can raise a hand. You bring whom you like on stage. Whoever is here already stays on stage.
join-muted = Join muted
join-muted-more = From eleven people on everyone joins muted anyway.
join-camera-off = Join with camera off
participants-can = Participants can
unmute-themselves = Unmute themselves
rename-themselves = Rename themselves
several-presenters = Present several at a time
stop-everything = Stop everything
stop-everything-more = Stops all pictures, sound, sharing, chat and admission at once, except yours. You can undo it.
frozen-more = Everything is stopped. Only the host's side can be seen and heard.
resume = Resume
links-more = Whoever has the old link or passcode can no longer ask to come in. Nobody inside notices, and personal invitations stay good.
change-link = Change invite link
link-changed = The invite link has changed. Copy the new one.
passcode-changed = There is a new passcode
kept-out = Kept out
someone = Someone
allow-again = Allow again
allow-again-name = Allow { $name } again

## Asked and told by the host
host-muted-you = The host has muted you
host-stopped-video = The host has stopped your video
host-lowered-hand = The host has lowered your hand
only-watching = You are watching: nobody sees or hears you. Raise your hand if you want to speak.
on-stage = You are on stage. Press Unmute or Start video when you are ready.
joined-muted = You joined muted. Press Unmute when you want to speak.
joined-camera-off = You joined with your camera off
unmuting-ended = The host has muted everyone; you can speak when the host allows it
video-ended = The host has stopped participants' video
may-not-unmute = The host has muted everyone. Ask in the chat or raise your hand to speak.
may-not-video = The host does not allow video just now
asked-unmute = The host asks you to unmute
asked-video = The host asks you to start your video
not-now = Not now
unmute-me = Unmute me
start-my-video = Start my video
frozen-host = You have stopped everything. Nobody but the host's side can be seen or heard.
frozen-guest = The host has stopped everything for a moment. Nobody can see or hear you.
talking-muted = You're muted

## Chat
chat-off = The host has switched the chat off.
messages = Messages
message = Message
send = Send
chat-empty = Messages are encrypted like everything else here, and gone when the meeting ends.
chat-everyone = To everyone in the meeting
chat-waiting = Sending…
chat-failed = Not delivered

## Meeting code
code-title = Meeting code
code-lead = Private: only the people in this room can see and hear you.
code-how = To be sure, read these numbers to each other. Everyone in the meeting sees the same ones. Different numbers mean that somebody is interfering.
code-frozen = The numbers change when someone comes or goes; while this is open they stay as they are.
code-none = The code appears once you are in the meeting.

## Safety
safety-unconfirmed = Not confirmed
safety-unconfirmed-more = We cannot confirm with the host's device that the room is still the same. You can go on; say nothing confidential until this goes away.
safety-paused = Sending is paused
safety-paused-more = The host's device has not been heard for a while, so your picture and sound are paused. They resume by themselves.
safety-interference = Not safe
safety-interference-more = The server shows you something else than the host. Somebody is interfering, so nothing is being sent. Leave, and speak to the host another way.

## Leaving
leave-title = Leave the meeting?
leave-host-lead = The others can go on without you, or you end the meeting for everyone.
end-for-everyone = End for everyone
leave-meeting = Leave meeting
cancel = Cancel

## More
settings = Sound and camera
shortcuts = Keyboard shortcuts
shortcut-m = Mute or unmute
shortcut-v = Stop or start video
shortcut-s = Share your screen or stop sharing
shortcut-p = Participants
shortcut-c = Chat
shortcut-h = Raise or lower your hand
shortcut-a = Admit the first who waits
shortcut-space = Hold to talk while muted
shortcut-question = This list
shortcuts-on = Use keyboard shortcuts

## Announcements
announce-joined = { $name } has joined
announce-joined-more = { $count ->
    [one] { $name } and one other have joined
   *[other] { $name } and { $count } others have joined
  }
announce-new-device = { $name } comes with a device you have not met before. If that matters, ask them to read you the meeting code.
announce-new-devices = { $name } and { $count ->
    [one] one other come
   *[other] { $count } others come
  } with devices you have not met before. If that matters, ask them to read you the meeting code.
announce-left = { $name } has left
announce-dropped = { $name }'s connection dropped, returning
announce-back = { $name } is back
announce-waiting = Waiting to be let in: { $name }
announce-muted = You are muted
announce-cohost = { $name } is a co-host now
announce-host = { $name } is the host now
announce-own-cohost = You are a co-host now: you can let people in, and set what they may do
announce-own-host = You are the host now
announce-own-role-gone = You are no longer a co-host
announce-hand = { $name } has raised a hand
announce-own-hand = Your hand is raised
announce-own-hand-down = Your hand is down
announce-unmuted = You are unmuted
announce-copied = Copied
switched-microphone = Your microphone has changed. Now using { $device }.
switched-camera = Your camera has changed. Now using { $device }.
lost-microphone = Your microphone is gone, and there is no other one.
lost-camera = Your camera is gone, and there is no other one.

## Privacy
privacy-title = What is private here, and what is not
privacy-1-title = Only the people in the room
privacy-1 = Picture, sound, chat and names are encrypted on your device and opened only on the devices of those whom the host has let in. The server passes them on and holds no key.
privacy-2-title = The host holds the door
privacy-2 = Whoever waits has no key. Letting someone in is something the host's device does; the server cannot do it in its place.
privacy-3-title = What the server does see
privacy-3 = That a meeting exists, when devices connect and from which network address, and how much data flows. It keeps no names, no words and no pictures.
privacy-4-title = What nobody can prevent
privacy-4 = A camera pointed at a screen, a virus on a device, a person who tells what they heard, or a server that hands you a dishonest version of this page. The numbers under “Private” show whether everyone is in the same room.
privacy-5-title = Nothing for third parties
privacy-5 = No cookies, no advertising, no statistics, no contact with any other server.

# What those who run the server have fixed. $reason is in their own words.
fixed-because = { $words } Their reason: { $reason }
fixed = Set by the people who run this server.
not-here = The people who run this server do not allow this.
no-passcode = The people who run this server have switched passcodes off. People come in by the link.
no-personal-invitations = The people who run this server have switched personal invitations off.

# A report to the people who run the server.
report = Report to host of this server
report-who-reads = This goes to the people who run this server, not to the host of the meeting. They can read what you write: it is not end-to-end encrypted.
report-category = What is it about?
report-conduct = Somebody behaves badly
report-intruder = Somebody was there who should not have been
report-unlawful = Something forbidden by law
report-other = Something else
report-text = What happened?
report-sends = Sent are only your words, what you chose above, the number of this meeting ({ $id }) and the time. Not your name, not where you are, and nothing that was said or shown. Nothing is sent before you press Send report.
report-send = Send report
report-sent = Your report has been sent to the people who run this server. They do not know who you are, so they cannot answer.
report-empty = Please write what happened.
report-too-many = So many reports have been sent from here, or about this meeting, that this one was not taken. Please reach the people who run this server another way.
report-failed = The report could not be sent. Your words are still here; please try again.
