using Events.Application;
using Events.Application.Access;
using Events.Application.ApiKeys;
using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Application.Users;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Events.Tests.Domain;

/// <summary>The application, put together as the host does, with fakes behind its doors.</summary>
public sealed class World : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private bool _isRunning;

    /// <summary>What a file of settings says; null when it says nothing.</summary>
    public SetRetentionPolicy? FirstPolicy { get; init; }

    public World()
        : this(new TestClock())
    {
    }

    private World(TestClock clock)
        : this(clock, new InMemoryStreams(clock), new FakeFootage(), new FakeSecrets(), new FakeFootageKeys())
    {
    }

    private World(
        TestClock clock, InMemoryStreams streams, FakeFootage footage, FakeSecrets secrets, FakeFootageKeys footageKeys)
    {
        (Clock, Streams, Footage, Secrets, FootageKeys) = (clock, streams, footage, secrets, footageKeys);
        Views = new InMemoryViews(streams);
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(clock)
            .AddSingleton<IEventStore>(streams)
            .AddSingleton<ILog>(streams)
            .AddSingleton<IChanges>(streams)
            .AddSingleton<ICommits>(streams)
            .AddSingleton<IFacts>(streams)
            .AddSingleton<IReadModels>(Views)
            .AddSingleton<IMediaControl>(Media)
            .AddSingleton<IFootage>(footage)
            .AddSingleton<ISourceSecrets>(secrets)
            .AddSingleton<IFootageKeys>(footageKeys)
            .AddSingleton(new StorageRule(WarnPercent: 80, BlockPercent: 95))
            .AddSingleton(new BroadcastRule(TimeSpan.FromMinutes(5)))
            .AddSingleton<ILiveAudience>(Audience)
            .AddSingleton(_ => Discovery)
            .AddSingleton<IStreamFinder>(Finder)
            .AddSingleton(_ => new RetentionOptions(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60), FirstPolicy))
            .AddSingleton(new ApiKeyTimes(TimeSpan.FromMinutes(5), "node1"))
            .AddSingleton(new AccessTimes("node1", TimeSpan.FromMinutes(5)))
            .AddSingleton(SourceGuard.Usual)
            .AddSingleton<IPasswordStore>(Kept)
            .AddSingleton<IUserNames>(Names)
            .AddSingleton<IOneTimeCodes>(new FakeCodes())
            .AddApplication()
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true });
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public TestClock Clock { get; }

    public InMemoryStreams Streams { get; }

    public InMemoryViews Views { get; }

    public FakeMedia Media { get; } = new();

    public FakeFootage Footage { get; }

    public FakeAudience Audience { get; } = new();

    public FakeFinder Finder { get; } = new();

    /// <summary>Set before anything is asked.</summary>
    public DiscoveryRule Discovery { get; set; } = DiscoveryRule.Off with
    {
        IsEnabled = true,
        ScanTimeMax = TimeSpan.FromSeconds(20),
        Targets =
        [
            new ScanTarget(
                ExternalStreamKind.SkydioStanag4609,
                [AddressRange.TryParse("10.0.0.0/29")!],
                [new StreamPlace(5554, "/subject", "eo")]),
        ],
    };

    public StreamDiscovery Streaming => Get<StreamDiscovery>();

    public DiscoveryKeeper DiscoveryKeeper => Get<DiscoveryKeeper>();

    public FakeSecrets Secrets { get; }

    public FakeFootageKeys FootageKeys { get; }

    public ApiKeyRing Keys => Get<ApiKeyRing>();

    public FakePasswords Kept { get; } = new();

    public FakeNames Names { get; } = new();

    public UserAccounts Accounts => Get<UserAccounts>();

    public SignIns SignIns => Get<SignIns>();

    public UserRing Users => Get<UserRing>();

    public NewestRows Newest => Get<NewestRows>();

    public AccessLedger Ledger => Get<AccessLedger>();

    public CommandBus Bus => Get<CommandBus>();

    public IEnumerable<CommandRoute> Routes => Get<IEnumerable<CommandRoute>>();

    public IMediaListener Listener => Get<IMediaListener>();

    public FootageFindings Findings => Get<FootageCheck>().Findings!;

    public Task CheckFootageAsync() => Get<FootageCheck>().RunAsync(Token);

    public Task<CommandResult> SendAsync(object command, Role role = Role.Admin) =>
        Bus.SendAsync(command, new Caller("ada", role, "json-rpc", "request-1"), Token);

    /// <summary>A camera that shows pictures, and footage that was checked: what most stories begin with.</summary>
    public async Task<CameraId> WithCameraAsync(string name = "Gate")
    {
        CameraId id = CameraId.New();
        Assert.Null((await SendAsync(new AddCamera(id, name, $"rtsp://10.0.0.5/{id}"))).Refusal);
        Media.Show(id);
        await CheckFootageAsync();
        return id;
    }

    public Camera CameraOf(CameraId id) =>
        Streams.FactsOf($"camera-{id}").Cast<CameraEvent>().Aggregate(Camera.Decider.Initial, Camera.Decider.Evolve);

    /// <summary>Starts the keepers.</summary>
    public async Task RunAsync()
    {
        _isRunning = true;
        foreach (IHostedService service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(Token);
        }

        await Get<CameraKeeper>().Ready.WaitAsync(Token);
    }

    /// <summary>
    /// Loops that rest on a timer: those of the keepers of recordings, of retention and of keys; that of broadcasts only while there
    /// are any.
    /// </summary>
    public int RestingLoops { get; set; } = 3;

    /// <summary>Waits until the keepers rest.</summary>
    public Task IdleAsync() =>
        Until.TrueAsync(() => Clock.TimerCount >= RestingLoops && Clock.NextDue > TimeSpan.Zero, "the keepers rest");

    /// <summary>Lets time go by, one timer after the other, and each pass of the keepers come to its end.</summary>
    public async Task AdvanceAsync(TimeSpan span)
    {
        while (span > TimeSpan.Zero)
        {
            await IdleAsync();
            TimeSpan step = Clock.NextDue is { } due && due < span ? due : span;
            Clock.Advance(step);
            span -= step;
        }

        await IdleAsync();
    }

    /// <summary>Ends this program as a crash does, and starts another on the same log, files and secrets.</summary>
    public async Task<World> AfterCrashAsync()
    {
        await DisposeAsync();
        Streams.BeforeTransact = _ => { };
        Secrets.BeforeSet = () => { };
        Footage.OnDelete = () => { };
        FootageKeys.BeforeDestroy = () => { };
        return new World(Clock, Streams, Footage, Secrets, FootageKeys);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isRunning)
        {
            _isRunning = false;
            foreach (IHostedService service in _services.GetServices<IHostedService>())
            {
                await service.StopAsync(CancellationToken.None);
            }
        }

        await _services.DisposeAsync();
    }

    private T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();
}

/// <summary>The program dies here.</summary>
public sealed class CrashException() : Exception("The program dies here.");
