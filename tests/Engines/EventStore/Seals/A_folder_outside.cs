using System.Globalization;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>The place outside that is a folder, on a disk that is full: each write to /dev/full says so.</summary>
public sealed class A_folder_outside : IAsyncLifetime
{
    private SealedLog _log = null!;

    public async ValueTask InitializeAsync() => _log = await SealedLog.StartAsync();

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task that_is_full_holds_nothing_up_and_gets_the_newest_head_when_there_is_room()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_log.Folder)!, "outside")).FullName;
        string[] days =
        [
            .. new[] { 0, 1 }.Select(day => Path.Combine(
                folder, $"heads-{DateTime.UtcNow.AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture)}.txt")),
        ];
        await _log.AppendAsync(10);
        SealOptions options = new(_log.Folder, SealedLog.HostName)
        {
            Anchors = new AnchorOptions(folder, null, null, TimeSpan.FromSeconds(1)),
        };
        await using Store store = await Store.StartSealingAsync(_log.Store.ConnectionString, options);
        (ISeals seals, IAnchors anchors) = (store.Get<ISeals>(), store.Get<IAnchors>());
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == 10 && Shown().State == AnchorStatus.Done));
        foreach (string day in days)
        {
            File.Delete(day);
            File.CreateSymbolicLink(day, "/dev/full");
        }

        await _log.AppendAsync(5);
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == 15 && Shown().State == AnchorStatus.Failed));
        Assert.Contains("No space left", Shown().Trouble!, StringComparison.Ordinal);
        Assert.Equal((10, 5, (string?)null), (Shown().Size, Shown().Lag, seals.Status.Trouble));

        Array.ForEach(days, File.Delete);
        await _log.AppendAsync(5);
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == 20 && Shown() is { State: AnchorStatus.Done, Size: 20 }));
        string kept = string.Concat(days.Where(File.Exists).Select(day => File.ReadAllText(day)));
        Assert.Contains((await _log.HeadsAsync())[^1].Note, kept, StringComparison.Ordinal);

        AnchorStatus Shown() => anchors.All.Single();
    }

    /// <summary>Wherever a power cut ended the file, the heads before and after it are there, and nothing is called forged.</summary>
    [Fact]
    public void that_has_a_part_of_a_head_is_read_around_it()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_log.Folder)!, "torn")).FullName;
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        using NoteSigner signer = NoteSigner.Create("events.example/1");
        string[] notes =
            [.. Enumerable.Range(1, 3).Select(size => new TreeHead("events.example/1", size, TreeHash.Empty).Sign(signer).ToString())];
        AnchorFolder anchors = new(folder);
        anchors.Append(notes[0], now);
        string file = Directory.GetFiles(folder).Single();
        string first = File.ReadAllText(file);
        for (int length = 0; length <= notes[1].Length; length++)
        {
            File.WriteAllText(file, first + notes[1][..length]);
            anchors.Append(notes[2], now);
            IReadOnlyList<string> found = SealNotes.In(File.ReadAllText(file));
            Assert.Contains(notes[0], found);
            Assert.Contains(notes[2], found);
            Assert.All(found.Except(notes), part => Assert.DoesNotContain(SignedNote.LineStart, part, StringComparison.Ordinal));

            // The same before anything was added behind it.
            IReadOnlyList<string> alone = SealNotes.In(first + notes[1][..length]);
            Assert.Equal(notes[0], alone[0]);
            Assert.All(alone.Except(notes), part => Assert.DoesNotContain(SignedNote.LineStart, part, StringComparison.Ordinal));
        }
    }

    /// <summary>A clock that was ahead has left files that are the newest by name, and a stranger's heads are nobody's.</summary>
    [Fact]
    public void is_asked_for_the_head_of_most_facts_in_whichever_file_that_is()
    {
        string folder = Path.Combine(Path.GetDirectoryName(_log.Folder)!, "ahead");
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        using NoteSigner signer = NoteSigner.Create("events.example/1");
        using NoteSigner stranger = NoteSigner.Create("events.example/1");
        AnchorFolder anchors = new(folder);
        Assert.Null(anchors.Newest("events.example/1", [signer.Key]));
        foreach ((int day, long size, NoteSigner by) in new[]
        {
            (0, 10L, signer), (0, 30, signer), (0, 99, stranger), (1, 20, signer), (9, 15, signer), (400, 98, stranger),
        })
        {
            anchors.Append(new TreeHead("events.example/1", size, TreeHash.Empty).Sign(by).ToString(), now.AddDays(day));
        }

        Assert.Equal(30, anchors.Newest("events.example/1", [signer.Key])?.Size);
        Assert.Null(anchors.Newest("events.example/2", [signer.Key]));
    }

    /// <summary>Each of two hosts shows it the newest head: neither writes over what the other one does.</summary>
    [Fact]
    public async Task that_two_hosts_write_to_at_once_has_every_head()
    {
        const int Each = 300;
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_log.Folder)!, "outside")).FullName;
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        using NoteSigner signer = NoteSigner.Create("events.example/1");
        string[][] notes = [.. new[] { 1, 1_000_000 }.Select(first =>
            Enumerable.Range(first, Each).Select(size => new TreeHead("events.example/1", size, TreeHash.Empty).Sign(signer).ToString())
                .ToArray())];
        using Barrier start = new(notes.Length);
        await Task.WhenAll(notes.Select(some => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(TestContext.Current.CancellationToken);
                Array.ForEach(some, note => new AnchorFolder(folder).Append(note, now));
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        IReadOnlyList<string> kept = SealNotes.In(await File.ReadAllTextAsync(
            Assert.Single(Directory.GetFiles(folder)), TestContext.Current.CancellationToken));
        Assert.Equal(notes.SelectMany(some => some).Order(StringComparer.Ordinal), kept.Order(StringComparer.Ordinal));
        TreeHead? newest = new AnchorFolder(folder).Newest("events.example/1", [signer.Key]);
        Assert.Equal(1_000_000 + Each - 1, newest?.Size);
    }
}
