#!/bin/sh
# Makes the clips of the demo meeting's people: for each a camera of three simulcast layers (VP8 in
# IVF, a keyframe every second) and a voice (Opus in Ogg, packets of 20 ms).
#
#   demo/make-clips.sh FOLDER
#
# Needs ffmpeg; without espeak-ng the voices are soft tones. Clips that exist are kept.
set -eu

folder=${1:?usage: demo/make-clips.sh FOLDER}
mkdir -p "$folder"
seconds=16
rate=15

# Every person has a colour of their own, a drifting light, and a head that nods.
camera() { # NAME COLOUR LIGHT SPEED
    for layer in q:320x180:90k h:640x360:280k f:1280x720:900k; do
        rid=${layer%%:*} rest=${layer#*:}
        size=${rest%%:*} bitrate=${rest#*:} height=${size#*x}
        out=$folder/$1-$rid.ivf
        [ -s "$out" ] && continue
        shape "$2" "$3" "$4" "$size" "$height" "$bitrate" "$out.part"
        mv "$out.part" "$out"
    done
}

shape() { # COLOUR LIGHT SPEED SIZE HEIGHT BITRATE OUT
    disc="if(lt(hypot(X-W/2,Y-H/2),W/2),255,0)"
    head=$(($5 * 36 / 100 / 2 * 2)) light=$(($5 * 80 / 100 / 2 * 2)) body=$(($5 * 90 / 100 / 2 * 2))
    ffmpeg -loglevel error -y \
        -f lavfi -i "color=c=$1:s=$4:r=$rate:d=$seconds" \
        -f lavfi -i "color=c=$2:s=${light}x${light}:r=$rate:d=1" \
        -f lavfi -i "color=c=0x2b2b33:s=${body}x${body}:r=$rate:d=1" \
        -f lavfi -i "color=c=0xe8c9ab:s=${head}x${head}:r=$rate:d=1" \
        -filter_complex "
            [1]format=yuva420p,geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='$disc*0.45',trim=end_frame=1,loop=-1:1[light];
            [2]format=yuva420p,geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='$disc',trim=end_frame=1,loop=-1:1[body];
            [3]format=yuva420p,geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='$disc',trim=end_frame=1,loop=-1:1[head];
            [0][light]overlay=x='(W-w)/2+W*0.38*sin(2*PI*t*$3/$seconds)':y='(H-h)/2-H*0.15*cos(2*PI*t*$3/$seconds)'[a];
            [a][body]overlay=x='(W-w)/2':y='H*0.68'[b];
            [b][head]overlay=x='(W-w)/2+W*0.01*sin(4*PI*t*$3/$seconds)':y='H*0.26+H*0.02*sin(6*PI*t*$3/$seconds)'" \
        -t "$seconds" -an -c:v libvpx -deadline realtime -cpu-used 8 -b:v "$6" \
        -g "$rate" -keyint_min "$rate" -auto-alt-ref 0 -lag-in-frames 0 -f ivf "$7"
}

voice() { # NAME VARIANT PITCH FREQUENCY DELAY TEXT
    out=$folder/$1.ogg
    [ -s "$out" ] && return
    wav=$folder/$1.wav
    if command -v espeak-ng >/dev/null; then
        espeak-ng -v "$2" -p "$3" -s 145 -w "$wav" "$6"
    else
        ffmpeg -loglevel error -y -f lavfi -i "sine=frequency=$4:duration=4,volume=-18dB" "$wav"
    fi
    # Silence before and after the words, so that people take turns.
    ffmpeg -loglevel error -y -i "$wav" -af "adelay=$5s:all=1,apad=whole_dur=30" -t 30 -ar 48000 -ac 1 \
        -c:a libopus -b:a 32k -application voip -frame_duration 20 -f ogg "$out.part"
    mv "$out.part" "$out"
    rm -f "$wav"
}

camera hanna 0x2f6f73 0xbfe3d8 2
voice hanna en-gb+f3 55 440 0 "Welcome. Nobody but the people in this room can see or hear us, not even the server. You will find the meeting code behind the small door at the top."
camera ben 0x7a4b3a 0xf0c9a0 3
voice ben en-us+m3 35 330 11 "Hello, I am Ben. I am not real, but my encryption is."
camera amira 0x4a4580 0xc9c2f0 4
voice amira en+f4 65 550 16 "And I am Amira. We all hold the keys of this meeting, and everyone sees the same thirty digits."
camera yusuf 0x3f6b35 0xd3e8b8 5
voice yusuf en-us+m7 45 275 24 "Good that you let me in. Until then I could see and hear nothing."
