using System.Collections.Concurrent;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Tests.Domain;

/// <summary>The media layer's door: remembers what it was asked for, answers as it is told to.</summary>
public sealed class FakeMedia : IMediaControl
{
    public ConcurrentDictionary<CameraId, CameraTarget> Watched { get; } = new();

    public ConcurrentDictionary<CameraId, CameraSignal> Signals { get; } = new();

    public ConcurrentQueue<RecordingTarget> Starts { get; } = new();

    public ConcurrentQueue<RecordingId> Stops { get; } = new();

    public ConcurrentQueue<string> Pictures { get; } = new();

    public ConcurrentQueue<FootageKey?> PictureKeys { get; } = new();

    public ConcurrentQueue<CameraId> Forgotten { get; } = new();

    /// <summary>How many times a camera was handed over for watching.</summary>
    public int WatchCount { get; private set; }

    public Func<RecordingTarget, Task<MediaStart>> OnStart { get; set; } =
        _ => Task.FromResult<MediaStart>(new MediaStart.Running(Spec.Now.AddSeconds(-2)));

    public Func<RecordingId, Task<DateTimeOffset?>> OnStop { get; set; } =
        _ => Task.FromResult<DateTimeOffset?>(Spec.Now.AddSeconds(30));

    public Func<string, MediaSnapshot> OnPicture { get; set; } =
        _ => new MediaSnapshot.Taken(20_480, Samples.Hash, 1280, 720, Spec.Now.AddMilliseconds(-40));

    public Task WatchAsync(CameraTarget target, CancellationToken cancellationToken)
    {
        WatchCount++;
        Watched[target.CameraId] = target;
        return Task.CompletedTask;
    }

    public Task ForgetAsync(CameraId cameraId, CancellationToken cancellationToken)
    {
        Watched.TryRemove(cameraId, out _);
        Forgotten.Enqueue(cameraId);
        return Task.CompletedTask;
    }

    public CameraSignal? SignalOf(CameraId cameraId) => Signals.GetValueOrDefault(cameraId);

    public void Show(CameraId cameraId, RecordingId? recording = null) =>
        Signals[cameraId] = new CameraSignal(true, null, Spec.Now, 1, 1, recording);

    public async Task<MediaStart> StartAsync(RecordingTarget target, CancellationToken cancellationToken)
    {
        Starts.Enqueue(target);
        MediaStart start = await OnStart(target);
        if (start is MediaStart.Running && Signals.ContainsKey(target.CameraId))
        {
            Show(target.CameraId, target.RecordingId);
        }

        return start;
    }

    public async Task<DateTimeOffset?> StopAsync(RecordingId recordingId, CancellationToken cancellationToken)
    {
        Stops.Enqueue(recordingId);
        foreach ((CameraId camera, CameraSignal signal) in Signals.Where(pair => pair.Value.Recording == recordingId))
        {
            Signals[camera] = signal with { Recording = null };
        }

        return await OnStop(recordingId);
    }

    public Task<MediaSnapshot> TakeSnapshotAsync(
        CameraId cameraId, string fileName, FootageKey? key, CancellationToken cancellationToken)
    {
        Pictures.Enqueue(fileName);
        PictureKeys.Enqueue(key);
        return Task.FromResult(OnPicture(fileName));
    }

    public Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>The storage folder as two lists of names.</summary>
public sealed class FakeFootage : IFootage
{
    public HashSet<string> Recordings { get; } = [];

    public HashSet<string> Snapshots { get; } = [];

    /// <summary>By a recording's name: what a crash left on disk.</summary>
    public Dictionary<string, SegmentFile[]> Uncommitted { get; } = [];

    public HashSet<int> MissingSegments { get; } = [];

    public List<string> Deleted { get; } = [];

    public double UsedPercent { get; set; } = 10;

    public long DiskBytes { get; set; } = 1_000;

    public Action OnDelete { get; set; } = () => { };

    public Task<IReadOnlyList<SegmentFile>> RecoverAsync(
        string name,
        IReadOnlyCollection<int> committed,
        ICollection<int> missing,
        FootageKey? key,
        CancellationToken cancellationToken)
    {
        foreach (int number in committed.Where(MissingSegments.Contains))
        {
            missing.Add(number);
        }

        return Task.FromResult<IReadOnlyList<SegmentFile>>(
            [.. Uncommitted.GetValueOrDefault(name, []).Where(file => !committed.Contains(file.Number))]);
    }

    public IReadOnlyList<string> ListRecordings() => [.. Recordings];

    public IReadOnlyList<string> ListSnapshots() => [.. Snapshots];

    public Stream? OpenRecording(
        string name, IReadOnlyList<SegmentSpan> segments, Container container, FootageKey? key = null) => null;

    public Stream? OpenSnapshot(string fileName, FootageKey? key = null) => null;

    public Task DeleteRecordingAsync(string name, CancellationToken cancellationToken)
    {
        OnDelete();
        Recordings.Remove(name);
        Deleted.Add(name);
        return Task.CompletedTask;
    }

    public Task DeleteSnapshotAsync(string fileName, CancellationToken cancellationToken)
    {
        OnDelete();
        Snapshots.Remove(fileName);
        Deleted.Add(fileName);
        return Task.CompletedTask;
    }

    public StorageUsage Usage() => new(DiskBytes, DiskBytes - (long)(UsedPercent / 100 * DiskBytes));
}

/// <summary>Who watches: nobody, until a test says so.</summary>
public sealed class FakeAudience : ILiveAudience
{
    public ConcurrentDictionary<CameraNumber, int> Viewers { get; } = new();

    public int CountOf(CameraNumber number) => Viewers.GetValueOrDefault(number);
}

/// <summary>A network that holds what a test puts there.</summary>
public sealed class FakeFinder : IStreamFinder
{
    public List<FoundStream> There { get; } = [];

    public ConcurrentQueue<ScanOrder> Orders { get; } = new();

    public Func<Task> OnScan { get; set; } = () => Task.CompletedTask;

    public async Task<ScanReport> ScanAsync(ScanOrder order, CancellationToken cancellationToken)
    {
        Orders.Enqueue(order);
        await OnScan();
        return new ScanReport(
            [.. There.Where(found => order.Targets.Any(target => target.Kind == found.Kind))], [], TimeSpan.FromSeconds(2.5));
    }
}

public sealed class FakeSecrets : ISourceSecrets
{
    public ConcurrentDictionary<CameraId, SourceCredentials> Kept { get; } = new();

    public Action BeforeSet { get; set; } = () => { };

    public Task SetAsync(CameraId cameraId, SourceCredentials? credentials, CancellationToken cancellationToken)
    {
        BeforeSet();
        if (credentials is null)
        {
            Kept.TryRemove(cameraId, out _);
        }
        else
        {
            Kept[cameraId] = credentials;
        }

        return Task.CompletedTask;
    }

    public Task<SourceCredentials?> FindAsync(CameraId cameraId, CancellationToken cancellationToken) =>
        Task.FromResult(Kept.GetValueOrDefault(cameraId));
}

/// <summary>Keys of recordings and snapshots in memory. New ones get one when a test says so.</summary>
public sealed class FakeFootageKeys : IFootageKeys
{
    public ConcurrentDictionary<RecordingId, FootageKey> Kept { get; } = new();

    public ConcurrentDictionary<SnapshotId, FootageKey> KeptForSnapshots { get; } = new();

    public bool EncryptsNew { get; set; }

    public Action BeforeDestroy { get; set; } = () => { };

    public Task<FootageKey?> ForWritingAsync(RecordingId id, CancellationToken cancellationToken) =>
        Task.FromResult(
            EncryptsNew ? Kept.GetOrAdd(id, new FootageKey(id.Value, new byte[FootageKey.SecretBytes])) : Kept.GetValueOrDefault(id));

    public Task<FootageKey?> FindAsync(RecordingId id, CancellationToken cancellationToken) =>
        Task.FromResult(Kept.GetValueOrDefault(id));

    public Task DestroyAsync(RecordingId id, CancellationToken cancellationToken)
    {
        BeforeDestroy();
        Kept.TryRemove(id, out _);
        return Task.CompletedTask;
    }

    public Task<FootageKey?> ForWritingAsync(SnapshotId id, CancellationToken cancellationToken) =>
        Task.FromResult(
            EncryptsNew ? KeptForSnapshots.GetOrAdd(id, new FootageKey(id.Value, new byte[FootageKey.SecretBytes])) : null);

    public Task<FootageKey?> FindAsync(SnapshotId id, CancellationToken cancellationToken) =>
        Task.FromResult(KeptForSnapshots.GetValueOrDefault(id));

    public Task DestroyAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        BeforeDestroy();
        KeptForSnapshots.TryRemove(id, out _);
        return Task.CompletedTask;
    }
}

/// <summary>Codes that are the number of their time step, of one secret after the other.</summary>
public sealed class FakeCodes : IOneTimeCodes
{
    private int _count;

    public static long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / 30;

    public string NewSecret() => $"SECRET{Interlocked.Increment(ref _count)}";

    public long? StepOf(string secret, string code, DateTimeOffset now) =>
        code.Split('/') is [var of, var number] && of == secret && long.TryParse(number, out long step)
        && Math.Abs(step - StepAt(now)) <= 1
            ? step
            : null;
}

/// <summary>What is kept of passwords, in a dictionary.</summary>
public sealed class FakePasswords : IPasswordStore
{
    public System.Collections.Concurrent.ConcurrentDictionary<Guid, string> All { get; } = [];

    public Task SetAsync(Guid passwordId, string hash, CancellationToken cancellationToken)
    {
        All[passwordId] = hash;
        return Task.CompletedTask;
    }

    public Task<string?> FindAsync(Guid passwordId, CancellationToken cancellationToken) =>
        Task.FromResult(All.GetValueOrDefault(passwordId));

    public Task DeleteAsync(Guid passwordId, CancellationToken cancellationToken)
    {
        All.TryRemove(passwordId, out _);
        return Task.CompletedTask;
    }
}

/// <summary>Names in memory, without keys: what is sealed is the event store's matter.</summary>
public sealed class FakeNames : IUserNames
{
    public System.Collections.Concurrent.ConcurrentDictionary<UserName, UserId> All { get; } = [];

    /// <summary>Outside the database, which may be another one by then.</summary>
    public System.Collections.Concurrent.ConcurrentBag<UserId> Erased { get; } = [];

    /// <summary>While true, the disk with the list is full.</summary>
    public bool IsFull { get; set; }

    IReadOnlyList<UserId> IUserNames.Erased => [.. Erased];

    public Task<UserId?> FindAsync(UserName name, CancellationToken cancellationToken) =>
        Task.FromResult(All.TryGetValue(name, out UserId id) ? id : (UserId?)null);

    public Task<UserId> ClaimAsync(UserName name, CancellationToken cancellationToken) =>
        Task.FromResult(All.GetOrAdd(name, _ => UserId.New()));

    public Task EraseAsync(UserId id, CancellationToken cancellationToken)
    {
        if (IsFull)
        {
            throw new IOException("No space left on device");
        }

        Erased.Add(id);
        foreach (UserName name in All.Where(one => one.Value == id).Select(one => one.Key))
        {
            All.TryRemove(name, out _);
        }

        return Task.CompletedTask;
    }
}
