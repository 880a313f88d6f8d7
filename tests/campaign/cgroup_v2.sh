#!/usr/bin/env bash
# Runs the process stack on a real kernel with cgroup v2, whatever this machine has: a virtual machine with
# Debian's cloud kernel, whose disk is this machine's own, read-only, with a disk of its own for what is written.
#
#   bash tests/campaign/cgroup_v2.sh [OUT]         as root, on Debian; half an hour without KVM
#
# In it, the tests of readers on real cgroups run, and one experiment, whose result is left in OUT.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
PATH=$PATH:/usr/sbin:/sbin
out=$(realpath -m "${1:-build/cgroup-v2}")
scenario=${SCENARIO:-tests/campaign/scenario.yaml}
# Emulated, everything takes ten times as long and more.
accelerator=kvm options=
if ! [ -w /dev/kvm ] || ! grep -qE 'vmx|svm' /proc/cpuinfo; then
  accelerator=tcg
  options="--set 'timeouts={start: 900s, idle: 900s, launch: 900s, drain: 900s}'"
  options+=" --set 'sampling={cgroup_hz: 4, processes_hz: 0.2, companions_hz: 1}'"
fi
work=$(mktemp -d)
helpers=()
end() {
  for pid in "${helpers[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end EXIT

need() { [ -x "$1" ] || apt-get install -y -q --no-install-recommends "$2" >/dev/null; }
need /usr/bin/qemu-system-x86_64 qemu-system-x86
need /usr/lib/qemu/virtiofsd qemu-system-common
need /bin/busybox busybox-static
need /sbin/depmod kmod
need /usr/bin/cpio cpio

echo "getting the kernel"
kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ {print $2}')
(cd "$work" && apt-get download -q "$kernel" >/dev/null 2>&1 && dpkg -x ./*.deb kernel)
release=$(ls "$work/kernel/lib/modules")

# What the kernel needs before it sees a disk: the modules of the shared file system, each after what it needs.
root=$work/initramfs
mkdir -p "$root"/{bin,modules,proc,sys,dev,disk,layer,new}
cp /bin/busybox "$root/bin/"
depmod -b "$work/kernel" "$release"
order=0
for module in virtio_pci virtio_blk virtiofs overlay; do
  modprobe -d "$work/kernel" -S "$release" --show-depends "$module" | awk '/^insmod/ {print $2}' |
    while read -r file; do
      name=$(basename "$file")
      [ -n "$(find "$root/modules" -name "*-$name")" ] || cp "$file" "$root/modules/$(printf %03d $order)-$name"
      order=$((order + 1))
    done
  order=$((order + 100))
done

mkdir -p "$out"
cat >"$out/inside.sh" <<INSIDE
export PATH=$PATH HOME=$HOME
cd $repository
{
  uname -r
  cat /sys/fs/cgroup/cgroup.controllers
  .venv/bin/python -m pytest -q -p no:cacheprovider tests/unit/test_observe_real_cgroup.py
  .venv/bin/python -m harness bench $scenario --out $out/result $options
} >$out/inside.log 2>&1
echo \$? >$out/exit-code
INSIDE
cat >"$root/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "\$module"; done
mount -t virtiofs -o ro disk /disk
mount /dev/vda /layer && mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/disk,upperdir=/layer/upper,workdir=/layer/work overlay /new
for place in proc sys dev; do mount --move /\$place /new/\$place; done
mkdir -p /new/dev/shm /new/dev/pts /new/sys/fs/cgroup
mount -t tmpfs shm /new/dev/shm && mount -t devpts pts /new/dev/pts
mount -t cgroup2 cgroup /new/sys/fs/cgroup
mkdir -p /new$out && mount -t virtiofs out /new$out
ip link set lo up
chroot /new /bin/bash $out/inside.sh
umount /new$out
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1 >"$work/initrd.gz")

share() { # NAME FOLDER
  /usr/lib/qemu/virtiofsd --socket-path="$work/$1.sock" -o source="$2" -o cache=auto -o sandbox=chroot >"$work/$1.log" 2>&1 &
  helpers+=($!)
  until [ -S "$work/$1.sock" ]; do sleep 0.1; done
}
truncate -s 8G "$work/layer.img" && mkfs.ext4 -q "$work/layer.img"
share disk /
share out "$out"

echo "measuring on Linux $release"
rm -rf "$out/result" "$out/exit-code"
qemu-system-x86_64 -machine q35,accel=$accelerator,memory-backend=memory -cpu $([ "$accelerator" = kvm ] && echo host || echo Nehalem) -smp "$(nproc)" -m 8G \
  -object memory-backend-memfd,id=memory,size=8G,share=on \
  -drive file="$work/layer.img",format=raw,if=virtio,cache=unsafe \
  -chardev socket,id=disk,path="$work/disk.sock" -device vhost-user-fs-pci,chardev=disk,tag=disk \
  -chardev socket,id=out,path="$work/out.sock" -device vhost-user-fs-pci,chardev=out,tag=out \
  -kernel "$work/kernel/boot/vmlinuz-$release" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 panic=-1 quiet" -nographic -no-reboot -net none </dev/null >"$out/console.log" 2>&1
cat "$out/inside.log"
exit "$(cat "$out/exit-code")"
