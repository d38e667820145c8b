using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Sealing;

/// <summary>What was last signed. Kept outside the database, so that a database that was set back is noticed.</summary>
/// <param name="Origin">The log's name in its tree heads.</param>
/// <param name="Root">Base64.</param>
/// <param name="System">Which database: the cluster's identity and the database's number in it.</param>
internal sealed record SignedState(
    [property: JsonPropertyName("origin")] string Origin,
    [property: JsonPropertyName("size")] long Size,
    [property: JsonPropertyName("root")] string Root,
    [property: JsonPropertyName("system")] string System)
{
    /// <summary>The log's name before it was set back and begun anew; null if it never was.</summary>
    [JsonPropertyName("previous")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Previous { get; init; }

    [JsonIgnore]
    public TreeHash RootHash => StrictText.TryHash(Root, out TreeHash root) ? root : default;
}

/// <summary>The signing key and the state beside it.</summary>
internal sealed class KeyFolder(string path)
{
    private const string KeyName = "seal-key.pem";
    private const string NextName = "seal-key-next.pem";
    private const string RetiredName = "seal-keys-retired.txt";
    private const string StateName = "seal-state.json";
    private const string ForkName = "seal-fork.json";
    private const string LockName = "seal-state.lock";
    private const string OwnDrafts = "seal-*" + DurableFile.DraftEnding;
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;

    /// <summary>Another host may be about to make a younger one the file that it is for; that takes milliseconds.</summary>
    private static readonly TimeSpan DraftAgeMax = TimeSpan.FromMinutes(1);

    /// <returns>Null when nothing was ever signed from here.</returns>
    /// <exception cref="SealRefusedException">It is damaged, or cannot be read.</exception>
    public SignedState? ReadState()
    {
        string file = Path.Combine(path, StateName);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            SignedState? state = JsonSerializer.Deserialize(Read(file, File.ReadAllText), StateJson.Default.SignedState);
            return state is { Size: >= 0, Root: not null, System: not null, Origin: { } origin }
                && NoteKey.IsName(origin) && StrictText.TryHash(state.Root, out _)
                    ? state
                    : throw new JsonException("Something is missing in it.");
        }
        catch (JsonException)
        {
            throw new SealRefusedException($"The state file {file} is damaged; it says what was last signed. Restore it.");
        }
    }

    /// <summary>Removes what a host that was killed had begun to write, a key's draft too.</summary>
    public void RemoveDrafts(TimeProvider time)
    {
        if (!Directory.Exists(path))
        {
            return;
        }

        try
        {
            foreach (string draft in Directory.GetFiles(path, OwnDrafts))
            {
                if (time.GetUtcNow() - File.GetLastWriteTimeUtc(draft) > DraftAgeMax)
                {
                    File.Delete(draft);
                }
            }
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            // They are in nobody's way; the next start tries again.
        }
    }

    /// <summary>Replaces the state as a whole; it is on disk when this returns.</summary>
    /// <exception cref="SealRefusedException">The folder cannot be written.</exception>
    public void WriteState(SignedState state) => Replace(StateName, Bytes(state));

    /// <summary>
    /// The same, if the state is still the one that the caller knows, or gone. Who stood still for long may have lost the
    /// sealer's lock with his connection, and would learn that only after the state is on disk; what another host has signed
    /// since must not be written over. The new state is on disk beside the old one before this is asked, so that there are
    /// microseconds between the answer and the change, and a file is locked meanwhile, so that not even those count.
    /// </summary>
    /// <exception cref="InvalidDataException">Another host took over, or is about to.</exception>
    /// <exception cref="SealRefusedException">The folder cannot be written.</exception>
    public void ReplaceState(SignedState before, SignedState next) =>
        Change(() => DurableFile.Replace(path, StateName, Bytes(next), () => HoldState(before)));

    /// <summary>What another look at key and state would rest on; another text when any of it changed.</summary>
    /// <exception cref="SealRefusedException">The state cannot be read.</exception>
    public string Trace()
    {
        FileInfo key = new(Path.Combine(path, KeyName));
        FileInfo state = new(Path.Combine(path, StateName));
        string keyTrace = key.Exists ? $"{key.Length} {key.LastWriteTimeUtc:O}" : "none";
        return keyTrace + (state.Exists ? $" {state.LastWriteTimeUtc:O} {Read(state.FullName, File.ReadAllText)}" : " none");
    }

    /// <returns>A lock of the kernel's, which ends with whoever has it.</returns>
    private FileStream HoldState(SignedState expected)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnFile,
        };
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(path, LockName), options);
        }
        catch (IOException taken)
        {
            throw new InvalidDataException(
                $"The state file cannot be locked; another host may be writing it at this moment. {taken.Message}");
        }

        try
        {
            return ReadState() is { } found && found != expected
                ? throw new InvalidDataException(
                    $"The state file says that {found.Size} facts were signed; this host signed {expected.Size}. It seems that "
                    + "another host took over.")
                : held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <exception cref="SealRefusedException">There is no key, or it is damaged or cannot be read.</exception>
    public NoteSigner ReadKey(string origin) =>
        ReadKey(KeyName, origin) is { } key
            ? key
            : throw new SealRefusedException(
                $"The signing key {Path.Combine(path, KeyName)} is missing. Restore it, with the state file beside it.");

    /// <returns>The key that is to come after the present one; null when none is.</returns>
    /// <exception cref="SealRefusedException">It is damaged, or cannot be read.</exception>
    public NoteSigner? ReadNextKey(string origin) => ReadKey(NextName, origin);

    /// <summary>Makes the key that is to come after the present one, unless there is one.</summary>
    public NoteSigner NextKey(string origin)
    {
        if (ReadNextKey(origin) is { } made)
        {
            return made;
        }

        NoteSigner signer = NoteSigner.Create(origin);
        WriteKey(NextName, signer);
        return signer;
    }

    /// <summary>
    /// Puts the next key in the place of the present one, which is gone then: what does not exist cannot be stolen. Its public
    /// half is kept.
    /// </summary>
    public void TakeNextKey(NoteKey old)
    {
        IEnumerable<string> retired =
            RetiredKeys().Append(old).Select(key => key.ToString()).Distinct(StringComparer.Ordinal);
        Replace(RetiredName, Encoding.UTF8.GetBytes(string.Concat(retired.Select(key => key + "\n"))));
        Change(() =>
        {
            File.Move(Path.Combine(path, NextName), Path.Combine(path, KeyName), overwrite: true);
            DurableFile.SyncFolder(path);
        });
    }

    /// <summary>Public halves of the present key and of those before it; none where nothing was ever signed from here.</summary>
    /// <exception cref="SealRefusedException">The key is missing, or something is damaged.</exception>
    public IReadOnlyList<NoteKey> PublicKeys()
    {
        if (ReadState() is not { } state)
        {
            return [];
        }

        using NoteSigner signer = ReadKey(state.Origin);
        return [NoteKey.Parse(signer.Key.ToString()), .. RetiredKeys()];
    }

    /// <summary>Public keys that signed before the present one.</summary>
    public IReadOnlyList<NoteKey> RetiredKeys()
    {
        string file = Path.Combine(path, RetiredName);
        try
        {
            return File.Exists(file) ? [.. Read(file, File.ReadAllLines).Select(NoteKey.Parse)] : [];
        }
        catch (NoteRefusedException)
        {
            throw new SealRefusedException($"The list of earlier keys {file} is damaged. Restore it.");
        }
    }

    private NoteSigner? ReadKey(string name, string origin)
    {
        string file = Path.Combine(path, name);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            string pem = Read(file, File.ReadAllText);
            PemFields found = PemEncoding.Find(pem);
            return NoteSigner.Of(origin, Convert.FromBase64String(pem[found.Base64Data]));
        }
        catch (Exception damaged) when (damaged is ArgumentException or FormatException or NoteRefusedException)
        {
            throw new SealRefusedException($"The signing key {file} is damaged. Restore it, with the state file beside it.");
        }
    }

    /// <summary>Makes a key for a log that has none. Never over another one.</summary>
    /// <exception cref="SealRefusedException">There is one already, or the folder cannot be written.</exception>
    public NoteSigner CreateKey(string origin)
    {
        if (File.Exists(Path.Combine(path, KeyName)))
        {
            throw new SealRefusedException(
                $"There is a signing key in {path}, but no state of what it signed. Restore the state file.");
        }

        Change(() => Directory.CreateDirectory(path, OwnFolder));
        NoteSigner signer = NoteSigner.Create(origin);
        WriteKey(KeyName, signer);
        return signer;
    }

    private void WriteKey(string name, NoteSigner signer) =>
        Replace(name, Encoding.ASCII.GetBytes(PemEncoding.WriteString("PRIVATE KEY", signer.ExportPkcs8()) + "\n"));

    /// <summary>Keeps a state that a fork ends, beside the new one: it says what was signed and is lost.</summary>
    public void KeepState(SignedState state) =>
        Replace($"seal-state-{state.Origin[(state.Origin.LastIndexOf('/') + 1)..]}.json", Bytes(state));

    /// <summary>Remembers a fork until a fact tells of it: the process may end, or PostgreSQL be away, in between.</summary>
    public void WriteFork(SealFork fork) =>
        Replace(ForkName, JsonSerializer.SerializeToUtf8Bytes(fork, StateJson.Default.SealFork));

    /// <returns>The fork by which the log got its present name, if no fact tells of it yet; null when none is untold.</returns>
    public SealFork? UntoldFork()
    {
        string file = Path.Combine(path, ForkName);
        try
        {
            return File.Exists(file)
                && JsonSerializer.Deserialize(Read(file, File.ReadAllText), StateJson.Default.SealFork) is { } fork
                && fork.NewOrigin == ReadState()?.Origin
                    ? fork : null;
        }
        catch (JsonException)
        {
            throw new SealRefusedException($"The file {file} is damaged; it says what a fork left behind.");
        }
    }

    public void ForgetFork() => File.Delete(Path.Combine(path, ForkName));

    private static byte[] Bytes(SignedState state) =>
        JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.SignedState);

    private void Replace(string name, byte[] content) => Change(() => DurableFile.Replace(path, name, content));

    /// <summary>A full disk is not PostgreSQL's absence, for which appends wait: it has words of its own.</summary>
    private void Change(Action change)
    {
        try
        {
            change();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new SealRefusedException(
                $"The folder {path}, with the signing key and what was signed last, cannot be written "
                + $"({failed.Message.TrimEnd('.')}). Make room on its disk, mount it for writing, or give the folder to this "
                + "account.",
                isPassing: true);
        }
    }

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new SealRefusedException(
                $"The file {file} cannot be read ({failed.Message.TrimEnd('.')}). Let this account read it, or restore it.",
                isPassing: true);
        }
    }
}

[JsonSerializable(typeof(SignedState))]
[JsonSerializable(typeof(SealFork))]
internal sealed partial class StateJson : JsonSerializerContext;
