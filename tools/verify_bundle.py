#!/usr/bin/env python3
"""Checks a bundle of facts: python3 verify_bundle.py BUNDLE.zip [--key VKEY | --key FILE] [--anchor FILE] [--json]

Needs Python 3.8 and the program openssl, and nothing of the product that made the bundle. docs/audit.md describes the format, so
that somebody else can write another one and compare.

Exit codes: 0 everything that can be checked is proven, 1 something is contradicted, 2 no verdict, 3 wrong usage.
"""

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

FORMAT = "events-bundle/1"
MANIFEST_DEPTH_MAX = 64
ENTRIES_MAX = 500_000
TEXT_BYTES_MAX = 4 * 1024 ** 3
TEXT_ENTRY_BYTES_MAX = 1024 ** 3
RATIO_MAX = 1_000
NOTE_BYTES_MAX = 1024 ** 2
SIGNATURES_MAX = 100
LEAF_KEYS = ("bdata", "causation_id", "correlation_id", "data", "headers", "id", "leaf", "mt_dotnet_type", "seq_id",
             "stream_id", "tenant_id", "timestamp_us", "type", "user_name", "version")
FACT_KEYS = (set(LEAF_KEYS) - {"leaf"}) | {"index"}
# What a SubjectPublicKeyInfo of P-256 begins with; 4 and the point's coordinates follow, 32 bytes each.
P256_START = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d030107034200')
P256_BYTES = 91
P256_PRIME = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
SYSLOG_ELEMENT = '[head@32473 '
NAMES_MAX = 10


class Contradicted(Exception):
    """Something is not what it must be."""


class Undecided(Exception):
    """It cannot be told."""


# --- canonical JSON: RFC 8785, except that numbers keep their exact decimal digits ---------------------------------------------

TOKEN = re.compile(r'[ \t\n\r]*(?:([\[\]{},:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
                   r'|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))')
BLANK = re.compile(r'[ \t\n\r]*\Z')
ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(.))')
PLAIN = {'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
MUST_ESCAPE = re.compile(r'["\\\x00-\x1f]')
SHORT = {'"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t'}
EXPONENT_TEXT_MAX = 10


def string_of(token):
    """The text that a JSON string stands for."""
    if '\\' not in token:
        return token[1:-1]
    units = ESCAPE.sub(lambda m: chr(int(m.group(1), 16)) if m.group(1) else PLAIN[m.group(2)], token[1:-1])
    try:
        # Two escaped halves of a character are one character; a half alone is none.
        return units.encode('utf-16-le', 'surrogatepass').decode('utf-16-le')
    except UnicodeDecodeError:
        raise Contradicted('half of a surrogate pair in a JSON text')


def quoted(text):
    return '"' + MUST_ESCAPE.sub(lambda m: SHORT.get(m.group(0)) or '\\u%04x' % ord(m.group(0)), text) + '"'


def number_of(token):
    """The number laid out as ECMAScript does it, from all of its own digits."""
    match = re.fullmatch(r'(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?', token)
    sign, whole, fraction, exponent = match.group(1), match.group(2), match.group(3) or '', match.group(4) or '0'
    if len(exponent) > EXPONENT_TEXT_MAX:
        raise Contradicted('an exponent that no database stores')
    digits = whole + fraction
    point = len(whole) + int(exponent)
    stripped = digits.lstrip('0')
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip('0')
    if not digits:
        return '0'
    count = len(digits)
    if count <= point <= 21:
        text = digits + '0' * (point - count)
    elif 0 < point <= 21:
        text = digits[:point] + '.' + digits[point:]
    elif -6 < point <= 0:
        text = '0.' + '0' * -point + digits
    else:
        power = point - 1
        text = digits[0] + ('.' + digits[1:] if count > 1 else '') + 'e' + ('+' if power >= 0 else '-') + str(abs(power))
    return sign + text


def canonical(text, refuse_nul=True, depth_max=None):
    """The canonical form of a JSON text. No recursion, so depth does not matter, unless a most is named."""
    position, stack, done = 0, [], None
    expect = 'value'
    while done is None:
        match = TOKEN.match(text, position)
        if match is None:
            raise Contradicted('a text that is no JSON')
        position = match.end()
        mark, string, number, word = match.groups()
        if mark in ('[', '{') and expect in ('value', 'first'):
            stack.append(([], set()) if mark == '{' else ([],))
            if depth_max is not None and len(stack) > depth_max:
                raise Contradicted('a text that is nested too deeply')
            expect = 'firstkey' if mark == '{' else 'first'
            continue
        if string is not None:
            value = string_of(string)
            if refuse_nul and '\0' in value:
                raise Contradicted('U+0000 in a JSON text')
            if expect in ('key', 'firstkey'):
                if value in stack[-1][1]:
                    raise Contradicted('one key twice in a JSON object')
                stack[-1][1].add(value)
                stack[-1][0].append([value.encode('utf-16-be'), quoted(value)])
                expect = 'colon'
                continue
            value = quoted(value)
        elif number is not None:
            value = number_of(number)
        elif word is not None:
            value = word
        elif mark == ':' and expect == 'colon':
            expect = 'value'
            continue
        elif mark == ',' and expect == 'more':
            expect = 'key' if len(stack[-1]) == 2 else 'value'
            continue
        elif mark == ']' and expect in ('first', 'more') and len(stack[-1]) == 1:
            value = '[' + ','.join(stack.pop()[0]) + ']'
            expect = 'closed'
        elif mark == '}' and expect in ('firstkey', 'more') and len(stack[-1]) == 2:
            members = sorted(stack.pop()[0], key=lambda member: member[0])
            value = '{' + ','.join(key + ':' + item for _, key, item in members) + '}'
            expect = 'closed'
        else:
            raise Contradicted('a text that is no JSON')
        if expect not in ('value', 'first', 'closed'):
            raise Contradicted('a text that is no JSON')
        if not stack:
            done = value
        elif len(stack[-1]) == 2:
            stack[-1][0][-1].append(value)
            expect = 'more'
        else:
            stack[-1][0].append(value)
            expect = 'more'
    if BLANK.match(text, position) is None:
        raise Contradicted('something behind the end of a JSON text')
    return done.encode('utf-8')


# --- leaf and tree (RFC 9162) ---------------------------------------------------------------------------------------------------

def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_of(row):
    """The bytes of a fact's leaf, from a row of events.jsonl."""
    leaf = {key: row[key] for key in LEAF_KEYS if key not in ('bdata', 'data', 'headers', 'leaf')}
    leaf['leaf'] = 1
    leaf['bdata'] = None if row['bdata'] is None else sha256(hex_bytes(row['bdata'])).hex()
    for key in ('data', 'headers'):
        leaf[key] = None if row[key] is None else sha256(canonical(row[key])).hex()
    return ('{' + ','.join(
        quoted(key) + ':' + ('null' if leaf[key] is None else '1' if key == 'leaf' else quoted(leaf[key]))
        for key in LEAF_KEYS) + '}').encode('utf-8')


def leaf_hash(leaf):
    return sha256(b'\0' + leaf)


def node_hash(left, right):
    return sha256(b'\1' + left + right)


def is_included(leaf, index, size, proof, root):
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, hash_ = index, size - 1, leaf
    for part in proof:
        if sn == 0 or len(part) != 32:
            return False
        if fn & 1 or fn == sn:
            hash_ = node_hash(part, hash_)
            if not fn & 1:
                while not (fn & 1 or fn == 0):
                    fn, sn = fn >> 1, sn >> 1
        else:
            hash_ = node_hash(hash_, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and hash_ == root


def is_extension(old, old_root, new, new_root, proof):
    """RFC 9162, section 2.1.4.2: the tree of the new size begins with that of the old size."""
    if not 1 <= old <= new or any(len(part) != 32 for part in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    proof = list(proof)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    if not proof:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = proof[0]
    for part in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(part, first), node_hash(part, second)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


# --- signed notes (C2SP signed-note, tlog-checkpoint, tlog-proof) ---------------------------------------------------------------

def strict_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Contradicted('base64 that is none')
    if base64.b64encode(data).decode() != text:
        raise Contradicted('base64 that is none')
    return data


def hex_bytes(text):
    if not re.fullmatch('(?:[0-9a-f]{2})*', text):
        raise Contradicted('hex that is none, or not in small letters')
    return bytes.fromhex(text)


def integer(value):
    """A number of the manifest: Python would take true for 1."""
    if type(value) is not int:
        raise Contradicted('a number that is none: %s' % str(value)[:30])
    return value


def strict_number(text):
    if not re.fullmatch(r'0|[1-9][0-9]{0,18}', text) or int(text) >= 2 ** 63:
        raise Contradicted('a number that is none: ' + text[:30])
    return int(text)


def position(text):
    """A position as the manifest has it: decimal text, in one spelling."""
    if not isinstance(text, str) or not re.fullmatch(r'0|-?[1-9][0-9]{0,18}', text) or not -2 ** 63 <= int(text) < 2 ** 63:
        raise Contradicted('a position that is none: %s' % str(text)[:30])
    return int(text)


def file_hash(data):
    """The SHA-256 of the file that a body describes; None if it describes none. No recursion: a body may be of any depth."""
    # Without its name in plain, or an escape that may spell it, there is no such member.
    if data is None or ('sha256' not in data and '\\u' not in data):
        return None
    at, depth, key, pairs = 0, 0, None, {}
    while True:
        match = TOKEN.match(data, at)
        if match is None:
            break
        at, (mark, string, _, _) = match.end(), match.groups()
        if mark in ('[', '{'):
            if depth == 0 and mark == '[':
                break
            depth += 1
        elif mark in (']', '}'):
            depth -= 1
        elif mark == ',' and depth == 1:
            key = None
        elif string is not None and depth == 1:
            if key is None:
                key = string_of(string)
            else:
                pairs[key] = string_of(string)
    return pairs.get('sha256')


def is_on_curve(x, y):
    return x < P256_PRIME and y < P256_PRIME and (y * y - x ** 3 + 3 * x - P256_B) % P256_PRIME == 0


class Key:
    """A public key, type 0x02: ECDSA on P-256 with SHA-256."""

    def __init__(self, vkey):
        parts = vkey.split('+', 2)
        if len(parts) != 3:
            raise Contradicted('not a public key: ' + vkey[:80])
        self.vkey, self.name = vkey, parts[0]
        data = strict_base64(parts[2])
        self.spki = data[1:]
        self.id = sha256(self.spki)[:4]
        if data[:1] != b'\2' or self.id.hex() != parts[1] or not re.fullmatch('[^\\s+\x00-\x1f]+', self.name):
            raise Contradicted('a public key of another kind, or with a wrong name or id: ' + vkey[:80])
        # The type says P-256, and openssl would take a key of any kind.
        point = self.spki[len(P256_START):]
        if len(self.spki) != P256_BYTES or not self.spki.startswith(P256_START) or point[:1] != b'\4' or not is_on_curve(
                int.from_bytes(point[1:33], 'big'), int.from_bytes(point[33:], 'big')):
            raise Contradicted('a public key that is none of P-256: ' + vkey[:80])

    def has_signed(self, text, signature):
        pem = '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' % base64.b64encode(self.spki).decode()
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ('key.pem', 'signature', 'text')]
            for path, data in zip(paths, (pem.encode(), signature, text)):
                with open(path, 'wb') as file:
                    file.write(data)
            run = subprocess.run(['openssl', 'dgst', '-sha256', '-verify', paths[0], '-signature', paths[1], paths[2]],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return run.returncode == 0


def signed_note(note):
    """The text of a signed note, and its signatures as name, id and bytes, which nobody has looked at yet."""
    if len(note) > NOTE_BYTES_MAX:
        raise Contradicted('a head that is too large')
    try:
        text = note.decode('utf-8')
    except UnicodeDecodeError:
        raise Contradicted('a head that is no text')
    border = text.rfind('\n\n')
    if border < 0 or not text.endswith('\n') or any(ord(letter) < 32 and letter != '\n' for letter in text):
        raise Contradicted('a head without signatures')
    lines, signatures = text[border + 2:-1].split('\n'), []
    if len(lines) > SIGNATURES_MAX:
        raise Contradicted('a head that has too many signatures')
    for line in lines:
        match = re.fullmatch('\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)', line)
        if match is None:
            raise Contradicted('a line that is no signature')
        data = strict_base64(match.group(2))
        if len(data) <= 4:
            raise Contradicted('a signature that is none')
        signatures.append((match.group(1), data[:4], data[4:]))
    return text[:border + 1], signatures


def origin_of(note):
    """Which log a note is of by its own words; None for what is no signed note, such as a part of one."""
    try:
        return signed_note(note)[0].split('\n')[0] or None
    except Contradicted:
        return None


class Head:
    """A tree head that a trusted key has signed."""

    def __init__(self, note, keys):
        self.text, signatures = signed_note(note)
        parts = self.text.split('\n')
        if len(parts) < 4 or '' in parts[:-1]:
            raise Contradicted('a head of fewer than three lines')
        self.note, self.origin, self.size, self.root = note, parts[0], strict_number(parts[1]), strict_base64(parts[2])
        if len(self.root) != 32 or (self.size == 0 and self.root != sha256(b'')):
            raise Contradicted('a root that is no hash, or cannot be that of its size')
        signed = False
        for name, id_, signature in signatures:
            for key in keys:
                if key.name == name and key.id == id_:
                    if not key.has_signed(self.text.encode('utf-8'), signature):
                        raise Contradicted('the signature of %s on the head of %d facts is wrong' % (key.name, self.size))
                    signed = signed or key.name == self.origin
        if not signed:
            raise Contradicted('no trusted key has signed the head of %d facts' % self.size)


def proof_of(data):
    """A file in C2SP tlog-proof: index, hashes and the note."""
    text = data.decode('utf-8')
    border = text.find('\n\n')
    lines = text[:border].split('\n')
    if border < 0 or lines[0] != 'c2sp.org/tlog-proof@v1':
        raise Contradicted('a proof of another format')
    rest = lines[1:]
    if rest and rest[0].startswith('extra '):
        strict_base64(rest[0][6:])
        rest = rest[1:]
    if not rest or not rest[0].startswith('index '):
        raise Contradicted('a proof without an index')
    return strict_number(rest[0][6:]), hashes_of(rest[1:]), text[border + 2:].encode('utf-8')


def extension_of(data):
    """The body of C2SP add-checkpoint: old size, hashes and the newer note."""
    text = data.decode('utf-8')
    border = text.find('\n\n')
    lines = text[:border].split('\n')
    if border < 0 or not lines[0].startswith('old '):
        raise Contradicted('a consistency proof of another format')
    return strict_number(lines[0][4:]), hashes_of(lines[1:]), text[border + 2:].encode('utf-8')


def hashes_of(lines):
    hashes = [strict_base64(line) for line in lines]
    if len(hashes) > 63 or any(len(one) != 32 for one in hashes):
        raise Contradicted('a proof with something else than hashes')
    return hashes


def text_of(data):
    """A file that somebody kept, whatever wrote it: what is in another encoding is no head, and says nothing against a bundle."""
    return data.decode('utf-16' if data[:2] in (b'\xff\xfe', b'\xfe\xff') else 'utf-8-sig', 'replace')


def notes_in(data):
    """Notes one behind the other, as an anchor file has them, those in lines that a syslog receiver wrote, or both in one file."""
    text = text_of(data).replace('\r\n', '\n')
    notes, between = [], []
    for line in text.split('\n'):
        if SYSLOG_ELEMENT in line:
            notes += notes_beside(between + ['']) + [syslog_note(line)]
            between = []
        else:
            between.append(line)
    notes = notes + notes_beside(between) if SYSLOG_ELEMENT in text else split_notes(text)
    return [note.encode('utf-8', 'replace') for note in dict.fromkeys(notes)]


def notes_beside(lines):
    """What stands beside lines of syslog: notes, too, or what a receiver wrote by itself, which has no line of a signature."""
    text = '\n'.join(lines)
    return split_notes(text) if '\n\u2014 ' in '\n' + text else []


def split_notes(text):
    """Two blank lines follow what a full disk or a power cut left of a note: such a part loses its signatures, and is no head."""
    notes, note, blanks = [], [], 0
    lines = text.split('\n')

    def add(torn):
        if any(note):
            notes.append(''.join(line + '\n' for line in note if not torn or not is_signature(line)))
        note.clear()

    def is_signature(line):
        return line.startswith('\u2014 ')

    for at, line in enumerate(lines):
        signed = bool(note) and is_signature(note[-1])
        blanks = 0 if line else blanks + 1
        torn = (not line and at + 2 < len(lines) and not lines[at + 1]) if signed else blanks == 2
        if note and (torn or (signed and not is_signature(line))):
            add(torn)
        if note or line:
            note.append(line)
    add(not text.endswith('\n'))
    return notes


def syslog_note(line):
    """The note that a line of RFC 5424 has in its structured data; what stands around it is the receiver's."""
    at, values = line.index(SYSLOG_ELEMENT) + len(SYSLOG_ELEMENT), []
    while at < len(line) and line[at] != ']':
        equals = line.find('="', at)
        if equals < 0:
            break
        name, value, at = line[at:equals].strip(), '', equals + 2
        while at < len(line) and line[at] != '"':
            at += 1 if line[at] == '\\' and at + 1 < len(line) else 0
            value += line[at]
            at += 1
        values.append((name, value))
        at += 1
    first = {name: value for name, value in reversed(values)}
    text = ''.join(first.get(name, '') + '\n' for name in ('origin', 'size', 'root')) + '\n'
    return text + ''.join('\u2014 %s %s\n' % (first.get('origin', ''), value) for name, value in values if name == 'sig')


# --- the bundle -----------------------------------------------------------------------------------------------------------------

class Bundle:
    """A zip archive or a folder, read with care."""

    def __init__(self, path):
        self.path, self.zip = path, None
        if os.path.isdir(path):
            self.names = sorted(os.path.relpath(os.path.join(folder, name), path).replace(os.sep, '/')
                                for folder, _, names in os.walk(path) for name in names)
            self.sizes = {name: os.path.getsize(os.path.join(path, name)) for name in self.names}
        else:
            self.zip = zipfile.ZipFile(path)
            self.names = [info.filename for info in self.zip.infolist()]
            self.sizes = {info.filename: info.file_size for info in self.zip.infolist()}
            for info in self.zip.infolist():
                if info.flag_bits & 1:
                    raise Contradicted('%s is encrypted' % info.filename)
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise Contradicted('%s is packed in another way than bundles are' % info.filename)
                if info.file_size > 1024 ** 2 and info.file_size > RATIO_MAX * max(info.compress_size, 1):
                    raise Contradicted('%s unpacks to far more than it can hold' % info.filename)
        if len(self.names) > ENTRIES_MAX:
            raise Contradicted('more than %d files' % ENTRIES_MAX)
        if len(set(self.names)) != len(self.names):
            raise Contradicted('two files of one name')
        for name in self.names:
            if '\\' in name or ':' in name or {'..', ''} & set(name.split('/')):
                raise Contradicted('a file name that leads elsewhere: ' + name[:80])
        if sum(size for name, size in self.sizes.items() if not name.startswith('media/')) > TEXT_BYTES_MAX:
            raise Contradicted('more than %d bytes beside the media' % TEXT_BYTES_MAX)

    def open(self, name):
        if name not in self.sizes:
            raise Contradicted('%s is missing' % name)
        return self.zip.open(name) if self.zip else open(os.path.join(self.path, name), 'rb')

    def read(self, name):
        if self.sizes.get(name, 0) > TEXT_ENTRY_BYTES_MAX:
            raise Contradicted('%s is too large' % name)
        with self.open(name) as file:
            return file.read()

    def sha256(self, name):
        hash_ = hashlib.sha256()
        with self.open(name) as file:
            for part in iter(lambda: file.read(1 << 20), b''):
                hash_.update(part)
        return hash_.hexdigest()


def members_of(line, names):
    """A JSON object with these members, each once, and no others."""
    canonical(line, refuse_nul=False)
    members = json.loads(line)
    if set(members) != names:
        raise Contradicted('a line with other members than it must have')
    return members


def is_rotation_signed(body):
    statement = 'events-key-rotation/1\n%s\n%s\n' % (body['oldKey'], body['newKey'])
    signature = body.get('signature')
    if not isinstance(signature, str) or not re.fullmatch('[A-Za-z0-9+/]+={0,2}', signature):
        return False
    try:
        data = strict_base64(signature)
    except Contradicted:
        return False
    return Key(body['oldKey']).has_signed(statement.encode(), data)


class Check:
    def __init__(self, bundle, keys, anchors):
        self.bundle, self.given, self.anchors = bundle, keys, anchors
        self.proven, self.withheld, self.notes, self.left = 0, 0, [], []
        self.media, self.manifest_hash = 0, None
        self.contradictions = []

    def run(self):
        manifest = self.manifest()
        try:
            keys = [Key(text) for text in self.given]
        except Contradicted as slip:
            raise Undecided('the key that was given is none: %s' % slip)
        if not keys:
            keys = [Key(line) for line in self.lines('keys.txt') if not line.startswith('#')]
            self.left.append('whose key it is: the public key was taken from the bundle itself. Compare it with the one you hold: '
                             + ', '.join(key.vkey for key in keys))
        if not keys:
            raise Undecided('no public key is known')
        keys, retired = self.follow_keys(keys)
        head = Head(self.bundle.read('checkpoint'), [key for key in keys if key.vkey not in retired])
        if head.origin != manifest['origin'] or head.size != integer(manifest['treeSize']):
            raise Contradicted('the head is not the one that the manifest names')
        rows = self.rows(head)
        self.scope(manifest, rows, head)
        self.media_files(manifest, rows)
        self.kept_heads(head, keys)
        self.notes.append('origin %s, tree of %d facts' % (head.origin, head.size))
        return manifest

    def follow_keys(self, keys):
        """Keys that came after or before those given: a fact says so, under a head that both signed."""
        keys, retired, left = list(keys), set(), []
        while 'rotations/%d/checkpoint' % (len(left) + 1) in self.bundle.sizes:
            left.append('rotations/%d/' % (len(left) + 1))
        taken = True
        while taken:
            taken = next((folder for folder in left if self.follow_key(folder, keys, retired)), None)
            if taken:
                left.remove(taken)
        return keys, retired

    def follow_key(self, folder, keys, retired):
        note = self.bundle.read(folder + 'checkpoint')
        try:
            head = Head(note, keys)
        except Contradicted:
            return False
        row = members_of(self.bundle.read(folder + 'fact.json').decode('utf-8'), FACT_KEYS)
        at, proof, proved = proof_of(self.bundle.read(folder + 'proof.tlog-proof'))
        if proved != note or at != integer(row['index']) or row['type'] != 'log_key_rotated' or not is_included(
                leaf_hash(leaf_of(row)), at, head.size, proof, head.root):
            raise Contradicted('%s: the fact that leads to another key is not under its head' % folder)
        body = json.loads(row['data'])
        # Who may write facts can have one under a head, and put a second signature below it: the old key must have signed both keys.
        if all(one.vkey != body['newKey'] for one in keys) and not is_rotation_signed(body):
            return False
        for vkey in (body['oldKey'], body['newKey']):
            key = Key(vkey)
            Head(note, [key])
            if all(one.vkey != vkey for one in keys):
                keys.append(key)
        retired.add(body['oldKey'])
        return True

    def manifest(self):
        data = self.bundle.read('manifest.json')
        self.manifest_hash = sha256(data).hex()
        if canonical(data.decode('utf-8'), depth_max=MANIFEST_DEPTH_MAX) != data:
            raise Contradicted('the manifest is not in canonical form')
        manifest = json.loads(data)
        if not isinstance(manifest['format'], str):
            raise Contradicted('a manifest that names no format')
        if manifest['format'] != FORMAT:
            raise Undecided('a bundle of another format: %s' % manifest['format'][:60])
        listed = {entry['path']: entry for entry in manifest['files']}
        if len(listed) != len(manifest['files']):
            raise Contradicted('the manifest lists one file twice')
        actual = set(self.bundle.names) - {'manifest.json'}
        for name in sorted(set(listed) - actual):
            self.contradictions.append('%s is missing' % name)
        for name in sorted(actual - set(listed)):
            self.contradictions.append('%s is in no manifest' % name)
        for name in sorted(set(listed) & actual):
            if self.bundle.sizes[name] != integer(listed[name]['length']) or self.bundle.sha256(name) != listed[name]['sha256']:
                self.contradictions.append('%s is not the file that the manifest names' % name)
        if self.contradictions:
            raise Contradicted('the bundle is not whole')
        return manifest

    def lines(self, name):
        if name not in self.bundle.sizes:
            return []
        text = self.bundle.read(name).decode('utf-8')
        if any(ord(letter) < 32 and letter != '\n' for letter in text):
            raise Contradicted('%s has a control character other than the newline' % name)
        return [line for line in text.split('\n') if line]

    def rows(self, head):
        rows, before = [], None
        for line in self.lines('events.jsonl'):
            row = members_of(line, FACT_KEYS)
            place = 'fact %s (index %s, stream %s, version %s)' % (
                row['seq_id'], row['index'], row['stream_id'], row['version'])
            try:
                self.included(row['index'], leaf_hash(leaf_of(row)), head)
                self.proven += 1
            except Contradicted as why:
                self.contradictions.append('%s: %s' % (place, why))
            if before is not None and not (before['index'] < row['index'] and int(before['seq_id']) < int(row['seq_id'])):
                self.contradictions.append('%s is out of order' % place)
            before = row
            rows.append(row)
        for line in self.lines('hidden.jsonl'):
            hidden = members_of(line, {'index', 'leaf'})
            try:
                self.included(hidden['index'], hex_bytes(hidden['leaf']), head)
                self.withheld += 1
            except (Contradicted, ValueError) as why:
                self.contradictions.append('withheld fact at index %s: %s' % (hidden.get('index'), why))
            rows.append({'index': hidden['index'], 'hidden': True})
        return rows

    def included(self, index, leaf, head):
        if type(index) is not int:
            raise Contradicted('an index that is no number')
        at, proof, note = proof_of(self.bundle.read('proofs/%d.tlog-proof' % index))
        if note != head.note:
            raise Contradicted('its proof is for another head')
        if at != index or not is_included(leaf, index, head.size, proof, head.root):
            raise Contradicted('it is not what was sealed: the leaf %s does not lead to the signed root' % leaf.hex())

    def scope(self, manifest, rows, head):
        scope = manifest['scope']
        if scope['kind'] not in ('range', 'streams'):
            raise Contradicted('a scope of another kind')
        indexes = sorted(row['index'] for row in rows)
        told = integer(manifest['factCount']) + integer(manifest['hiddenCount'])
        if len(indexes) != told:
            self.contradictions.append('there are %d facts, the manifest says %d' % (len(indexes), told))
        if scope['kind'] == 'range':
            if indexes and indexes != list(range(indexes[0], indexes[0] + len(indexes))):
                self.contradictions.append('the range has holes: facts were left out')
            elif indexes and indexes[0] != integer(scope['allFrom']):
                self.contradictions.append('the range does not begin where the manifest says')
        else:
            self.left.append('whether more was written later: what lies behind the last fact of a stream is not in this bundle')
        versions = {}
        for row in rows:
            if 'hidden' not in row and row['stream_id'] is not None:
                versions.setdefault(row['stream_id'], []).append(int(row['version']))
        for stream, found in sorted(versions.items()):
            first = 1 if scope['kind'] == 'streams' else found[0]
            if found != list(range(first, first + len(found))):
                self.contradictions.append('the stream %s has holes: facts were left out' % stream)
        self.streams(scope, rows)
        if scope['kind'] == 'range':
            self.ends(scope, rows, head)

    def streams(self, scope, rows):
        """Facts of other streams than those that were asked for, and streams that were asked for and have none."""
        if scope['kind'] == 'range' and 'streams' not in scope:
            return
        asked = scope['streams']
        if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
            raise Contradicted('streams without names')
        asked = set(asked)
        for row in rows:
            if 'hidden' not in row and row['stream_id'] not in asked:
                self.contradictions.append('fact %s is of the stream %s, which the manifest does not name' % (
                    row['seq_id'], row['stream_id']))
        missing = sorted(asked - {row['stream_id'] for row in rows if 'hidden' not in row})
        if missing:
            self.left.append('%d streams that were asked for and have no fact in the bundle: %s%s' % (
                len(missing), ', '.join(missing[:NAMES_MAX]), ', ...' if len(missing) > NAMES_MAX else ''))

    def ends(self, scope, rows, head):
        """Facts outside of the range; and whether it was cut off at its ends, manifest and all."""
        first, last = position(scope['from']), position(scope['to'])
        shown = [row for row in rows if 'hidden' not in row]
        for row in shown:
            if not first <= int(row['seq_id']) <= last:
                self.contradictions.append('fact %s lies outside of the range from position %d to %d' % (row['seq_id'], first, last))
        begins = ends = False
        if rows:
            # Positions rise by at least one from fact to fact, so one that is shown bounds those of the withheld ones beside it.
            low, high = min(row['index'] for row in rows), max(row['index'] for row in rows)
            begins = low == 0 or bool(shown) and int(shown[0]['seq_id']) - (shown[0]['index'] - low) <= first
            ends = high == head.size - 1 or bool(shown) and int(shown[-1]['seq_id']) + high - shown[-1]['index'] >= last
        if not begins:
            self.left.append('whether the range begins where it was asked to, at position %d: nothing shows that the fact before '
                             'its first one lies before that' % first)
        if not ends:
            self.left.append('whether the range ends where it was asked to, at position %d: nothing shows that the fact behind its '
                             'last one lies behind that' % last)

    def media_files(self, manifest, rows):
        facts = {row['index']: file_hash(row['data']) for row in rows if 'hidden' not in row}
        included = 0
        for media in manifest['media']:
            expected = facts.get(integer(media['index']))
            if expected is None or expected != media['sha256']:
                self.contradictions.append('%s: no fact in the bundle describes it' % media['path'])
            elif not isinstance(media['included'], bool):
                raise Contradicted('%s: neither included nor left out' % media['path'])
            elif not media['included']:
                continue
            elif self.bundle.sha256(media['path']) != expected:
                self.contradictions.append('%s is not the file that its fact describes' % media['path'])
            else:
                included += 1
        self.media = included
        missing = len(manifest['media']) - included
        if missing:
            self.left.append('%d files of recordings and pictures: they are not in the bundle' % missing)
        named = {media['index'] for media in manifest['media']}
        unnamed = sum(1 for index, told in facts.items() if told is not None and index not in named)
        if unnamed:
            self.left.append('%d files that facts describe and the manifest does not name: they were deleted before the export, or '
                             'taken out of the bundle' % unnamed)
        for name in self.bundle.names:
            if name.startswith('media/') and name not in {media['path'] for media in manifest['media']}:
                self.contradictions.append('%s belongs to no fact' % name)

    def kept_heads(self, head, keys):
        own, strangers, held = {head.origin} | {key.name for key in keys}, {}, False
        for note in self.anchors:
            origin = origin_of(note)
            if origin is None:
                self.left.append('what was kept elsewhere and is no signed head, beginning "%s": a part of one that a full disk or a '
                                 'power cut left, or another text' % note.decode('utf-8').split('\n')[0][:80])
                continue
            try:
                kept = Head(note, keys)
            except Contradicted as why:
                # Whoever keeps heads may keep those of other logs, too. Only what claims to be of this one, and is not, is forged.
                if origin in own:
                    self.contradictions.append('what was kept elsewhere as a head of %s is none: %s' % (origin, why))
                else:
                    strangers[origin] = strangers.get(origin, 0) + 1
                continue
            held = self.kept_head(kept, head) or held
        for origin, count in sorted(strangers.items()):
            self.left.append('%d heads of another log, %s, that were kept elsewhere' % (count, origin))
        if not self.anchors:
            self.left.append('whether this is the only history: no head was given that was kept elsewhere (--anchor)')
        elif not held:
            self.left.append('whether this is the only history: no head that was kept elsewhere could be held against it')

    def kept_head(self, kept, head):
        """Whether the bundle could be held against it."""
        words = 'the head of %d facts that was kept elsewhere' % kept.size
        if kept.origin != head.origin:
            self.left.append('%s is of another log, %s' % (words, kept.origin))
            return False
        if kept.size > head.size:
            self.left.append('%s is newer than the bundle' % words)
            return False
        if kept.size == head.size:
            if kept.root != head.root:
                self.contradictions.append('%s has another root: two histories were signed. Keep both' % words)
            return True
        name = 'consistency/%d-%d.txt' % (kept.size, head.size)
        if name not in self.bundle.sizes:
            self.left.append('%s: the bundle has no %s' % (words, name))
            return False
        old, proof, new = extension_of(self.bundle.read(name))
        if new != head.note or old != kept.size or not is_extension(old, kept.root, head.size, head.root, proof):
            self.contradictions.append('%s: the log does not go on from it. It was written anew or set back' % words)
        return True


def self_test(path):
    """Holds this program against published cases: python3 verify_bundle.py --vectors vectors.json"""
    with open(path, encoding='utf-8') as file:
        cases = json.load(file)
    wrong, count = [], 0

    def expect(name, actual, wanted):
        nonlocal count
        count += 1
        if actual != wanted:
            wrong.append('%s: %r instead of %r' % (name, actual, wanted))

    def outcome(work):
        try:
            return work()
        except (Contradicted, UnicodeDecodeError, ValueError):
            return 'refused'

    for case in cases['canonical']:
        text = bytes.fromhex(case['input_hex'])
        wanted = case['exact']
        actual = outcome(lambda: canonical(text.decode('utf-8'), refuse_nul=False).hex())
        expect(case['id'], actual, wanted)
    for case in cases['jsonb']:
        expect(case['id'], outcome(lambda: canonical(case['stored_text']).hex()), case['exact'])
    for case in cases['leaf']:
        row = {key: str(value) if key in ('seq_id', 'version', 'timestamp_us') else value for key, value in case['row'].items()}
        leaf = leaf_of(row)
        expect(case['id'] + ' text', leaf.decode(), case['leaf_text'])
        expect(case['id'], leaf_hash(leaf).hex(), case['leaf_hash'])
    roots = {case['size']: bytes.fromhex(case['root']) for case in cases['roots']}
    leaves = [bytes.fromhex(text) for text in cases['leaf_hashes']]
    for case in cases['inclusion']:
        proof = [bytes.fromhex(part) for part in case['proof']]
        expect(case['id'], is_included(leaves[case['index']], case['index'], case['size'], proof, root_of(leaves[:case['size']])), True)
    for case in cases['consistency']:
        proof = [bytes.fromhex(part) for part in case['proof']]
        old, new = root_of(leaves[:case['from']]), root_of(leaves[:case['to']])
        expect(case['id'], is_extension(case['from'], old, case['to'], new, proof), True)
    for size, root in roots.items():
        expect('root-%d' % size, root_of(leaves[:size]), root)
    for case in cases['refused_proofs']:
        proof = [bytes.fromhex(part) for part in case['proof']]
        if case['kind'] == 'inclusion':
            actual = is_included(bytes.fromhex(case['leaf_hash']), case['index'], case['size'], proof, bytes.fromhex(case['root']))
        else:
            actual = is_extension(case['from'], bytes.fromhex(case['root1']), case['to'], bytes.fromhex(case['root2']), proof)
        expect(case['id'], actual, False)
    keys = {name: key['vkey'] for name, key in cases['keys'].items()}
    for case in cases['checkpoint']:
        trusted = [Key(keys[name]) for name in case['trusted']]
        expect(case['id'], outcome(lambda: bool(Head(case['note'].encode('utf-8'), trusted))) is True, case['expect'])
    for case in cases['tlog_proof']:
        def proved():
            index, proof, note = proof_of(case['proof_text'].encode('utf-8'))
            head = Head(note, [Key(text) for text in keys.values()])
            return is_included(leaf_hash(bytes.fromhex(case['leaf_hex'])), index, head.size, proof, head.root)
        expect(case['id'], outcome(proved) is True, case['expect'])
    for line in wrong:
        print(line)
    print('%d cases, %d wrong' % (count, len(wrong)))
    return 1 if wrong else 0


def root_of(leaves):
    if not leaves:
        return sha256(b'')
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_of(leaves[:half]), root_of(leaves[half:]))


def keys_in(given):
    keys = []
    for text in given:
        lines = [text]
        if os.path.exists(text):
            with open(text, 'rb') as file:
                lines = text_of(file.read()).split('\n')
        found = [line.strip() for line in lines if line.strip() and not line.strip().startswith('#')]
        if not found:
            # Whoever names a file wants nothing proved by the key in the bundle.
            raise Undecided('there is no key in %s, so nothing was looked at' % text)
        keys += found
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.error = lambda message: (parser.print_usage(sys.stderr), print(message, file=sys.stderr), sys.exit(3))
    parser.add_argument('bundle', nargs='?')
    parser.add_argument('--key', action='append', default=[], help='a public key (vkey) that you hold, or a file of them')
    parser.add_argument('--anchor', action='append', default=[], help='a file of heads that somebody kept elsewhere')
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--vectors', help='hold this program against published cases instead')
    given = parser.parse_args()
    if given.vectors:
        return self_test(given.vectors)
    if not given.bundle:
        parser.error('name a bundle')
    if any(not text.strip() for text in given.key + given.anchor):
        parser.error('a value is empty')
    verdict, why, check = 'proven', None, None
    try:
        anchors = [note for path in given.anchor for note in notes_in(open(path, 'rb').read())]
        check = Check(Bundle(given.bundle), keys_in(given.key), anchors)
        check.run()
    except Contradicted as found:
        verdict, why = 'contradicted', str(found)
    except (Undecided, OSError) as found:
        verdict, why = 'undecided', str(found)
    except (zipfile.BadZipFile, zlib_error(), NotImplementedError, EOFError) as found:
        verdict, why = 'contradicted', 'the archive is damaged: %s' % found
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as found:
        verdict, why = 'contradicted', 'the bundle is not in its format: %s' % found
    contradictions = (check.contradictions if check else []) + ([why] if verdict == 'contradicted' else [])
    verdict = 'contradicted' if contradictions else verdict
    return report(given, verdict, why, contradictions, check)


def zlib_error():
    import zlib
    return zlib.error


def shown(text):
    # A bundle is a stranger's: what it says must not clear the reader's screen or write lines of its own.
    return ''.join(c if c.isprintable() else c.encode('unicode_escape', 'replace').decode('ascii') for c in text)


def report(given, verdict, why, contradictions, check):
    left = check.left if check else []
    if given.json:
        print(json.dumps({'verdict': verdict, 'manifestSha256': check.manifest_hash if check else None,
                          'proven': check.proven if check else 0, 'withheld': check.withheld if check else 0,
                          'media': check.media if check else 0, 'contradictions': contradictions,
                          'notChecked': left, 'why': why}, indent=2))
    else:
        for line in contradictions:
            print('CONTRADICTED: ' + shown(line))
        if verdict == 'undecided':
            print('UNDECIDED: %s' % shown(str(why)))
        if check:
            if check.manifest_hash:
                print('manifest sha256 %s' % check.manifest_hash)
            for line in check.notes:
                print(shown(line))
            print('%d facts proven, %d withheld, %d files of recordings and pictures hold' % (
                check.proven, check.withheld, check.media))
            for line in left:
                print('not checked: ' + shown(line))
        print(verdict.upper())
    return {'proven': 0, 'contradicted': 1, 'undecided': 2}[verdict]


if __name__ == '__main__':
    sys.exit(main())
