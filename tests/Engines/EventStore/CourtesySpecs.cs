using Events.EventStore.Projections;
using Xunit;

namespace Events.Tests.Engines.EventStore;

/// <summary>What is built beside the live views, while commands come and while none do.</summary>
public sealed class Work_beside_commands : IDisposable
{
    private readonly Courtesy _courtesy = new(TimeProvider.System);
    private int _begun;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _courtesy.Dispose();

    [Fact]
    public async Task goes_on_in_large_steps_side_by_side_while_nobody_appends()
    {
        var going = new TaskCompletionSource();
        Task<StepSize> first = TakeAsync(going.Task);

        Assert.Same(StepSize.Whole, await TakeAsync(Task.CompletedTask));
        going.SetResult();
        Assert.Same(StepSize.Whole, await first);
    }

    [Fact]
    public async Task goes_on_in_small_steps_one_after_the_other_while_somebody_does()
    {
        var going = new TaskCompletionSource();
        _courtesy.Note();
        Task<StepSize> first = TakeAsync(going.Task);
        Task<StepSize> second = TakeAsync(Task.CompletedTask);

        Assert.Equal(1, _begun);
        going.SetResult();
        Assert.Same(StepSize.Small, await first);
        Assert.Same(StepSize.Small, await second);
    }

    private Task<StepSize> TakeAsync(Task until) => _courtesy.StepAsync(
        async size =>
        {
            _begun++;
            await until;
            return size;
        },
        Cancel);
}
