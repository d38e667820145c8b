using Events.Domain.Retention;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Retention;

public sealed class A_retention_policy
{
    private static readonly SetRetentionPolicy ByAge = new(RetentionType.Age, true, 30, 1_000);
    private static readonly RetentionPolicySet AgeSet = new(RetentionType.Age, true, 30, 1_000, Now.AddDays(-1));

    private static Spec.Stage<RetentionPolicy, SetRetentionPolicy, RetentionPolicySet> Story => For(RetentionPolicy.Decider);

    [Fact]
    public void is_set_with_both_limits_whatever_its_type() =>
        Story.When(ByAge).Then(new RetentionPolicySet(RetentionType.Age, true, 30, 1_000, Now));

    [Fact]
    public void is_replaced_as_a_whole() =>
        Story.Given(AgeSet)
            .When(new SetRetentionPolicy(RetentionType.Size, true, null, 5))
            .Then(new RetentionPolicySet(RetentionType.Size, true, null, 5, Now));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(36_501)]
    [InlineData(int.MaxValue)]
    public void takes_no_senseless_age(int days)
    {
        Story.When(ByAge with { MaxAgeDays = days }).ThenRefused(RetentionRefusals.BadMaxAge);
        Story.When(ByAge with { MaxAgeDays = days, Type = RetentionType.Size }).ThenRefused(RetentionRefusals.BadMaxAge);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1L << 50) + 1)]
    [InlineData(long.MaxValue)]
    public void takes_no_senseless_size(long bytes) =>
        Story.When(ByAge with { MaxSizeBytes = bytes }).ThenRefused(RetentionRefusals.BadMaxSize);

    [Fact]
    public void needs_the_limit_of_its_type_when_it_is_enabled()
    {
        Story.When(ByAge with { MaxAgeDays = null }).ThenRefused(RetentionRefusals.NoMaxAge);
        Story.When(new SetRetentionPolicy(RetentionType.Size, true, 30, null)).ThenRefused(RetentionRefusals.NoMaxSize);
        Story.When(new SetRetentionPolicy(RetentionType.Age, false, null, null))
            .Then(new RetentionPolicySet(RetentionType.Age, false, null, null, Now));
    }

    [Theory]
    [InlineData(RetentionType.Age, true, "30 -", "30 -")]
    [InlineData(RetentionType.Size, true, "- 1000", "- 1000")]
    [InlineData(RetentionType.Manual, true, null, "30 1000")]
    [InlineData(RetentionType.Age, false, null, null)]
    [InlineData(RetentionType.Size, false, null, null)]
    [InlineData(RetentionType.Manual, false, null, null)]
    public void limits_by_its_type_and_only_when_enabled(RetentionType type, bool isEnabled, string? byItself, string? byHand)
    {
        RetentionPolicy policy = Story.Given(AgeSet with { Type = type, IsEnabled = isEnabled }).State;

        Assert.Equal(byItself, Text(policy.LimitsFor(isByHand: false)));
        Assert.Equal(byHand, Text(policy.LimitsFor(isByHand: true)));
    }

    [Fact]
    public void that_nobody_set_keeps_everything()
    {
        Assert.Null(Story.State.LimitsFor(isByHand: false));
        Assert.Null(Story.State.LimitsFor(isByHand: true));
    }

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<RetentionPolicy, SetRetentionPolicy, RetentionPolicySet>(RetentionPolicy.Decider)
            .State("Unset")
            .State("Given (age)", AgeSet)
            .State("Given (age, off)", AgeSet with { IsEnabled = false })
            .State("Given (size)", AgeSet with { Type = RetentionType.Size })
            .State("Given (manual)", AgeSet with { Type = RetentionType.Manual })
            .Command(ByAge, "age")
            .Command(ByAge with { IsEnabled = false }, "age, off")
            .Command(ByAge with { Type = RetentionType.Size }, "size")
            .Command(ByAge with { Type = RetentionType.Manual }, "manual")
            .Command(ByAge with { MaxAgeDays = null }, "age without a limit")
            .Holds("""
                                                         | Unset                | Given (age)          | Given (age, off)     | Given (size)         | Given (manual)
                SetRetentionPolicy (age)                 | RetentionPolicySet   | nothing              | RetentionPolicySet   | RetentionPolicySet   | RetentionPolicySet
                SetRetentionPolicy (age, off)            | RetentionPolicySet   | RetentionPolicySet   | nothing              | RetentionPolicySet   | RetentionPolicySet
                SetRetentionPolicy (size)                | RetentionPolicySet   | RetentionPolicySet   | RetentionPolicySet   | nothing              | RetentionPolicySet
                SetRetentionPolicy (manual)              | RetentionPolicySet   | RetentionPolicySet   | RetentionPolicySet   | RetentionPolicySet   | nothing
                SetRetentionPolicy (age without a limit) | retention.no_max_age | retention.no_max_age | retention.no_max_age | retention.no_max_age | retention.no_max_age
                """);

    private static string? Text(CleanupLimits? limits) =>
        limits is null ? null : $"{limits.MaxAgeDays?.ToString() ?? "-"} {limits.MaxSizeBytes?.ToString() ?? "-"}";
}

public sealed class A_cleanup
{
    private static readonly FinishCleanup Finish =
        new(Samples.Cleanup, CleanupTrigger.Requested, new CleanupOutcome(2, 1, 3_000, true));

    private static readonly CleanupFinished Finished = new(Samples.Cleanup, CleanupTrigger.Requested, 2, 1, 3_000, true, Now);

    private static Spec.Stage<Cleanup, FinishCleanup, CleanupFinished> Story => For(Cleanup.Decider);

    [Fact]
    public void says_what_it_did() => Story.When(Finish).Then(Finished);

    [Fact]
    public void says_it_once() =>
        Story.Given(Finished).When(Finish with { Outcome = new CleanupOutcome(0, 0, 0, true) }).ThenNothing();

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Cleanup, FinishCleanup, CleanupFinished>(Cleanup.Decider)
            .State("Unfinished")
            .State("Finished", Finished)
            .Command(Finish)
            .Holds("""
                              | Unfinished      | Finished
                FinishCleanup | CleanupFinished | nothing
                """);
}

public sealed class A_cleanup_rule
{
    private static readonly CleanupRule None = new(new CleanupLimits(null, null), 1_000, 0);

    [Fact]
    public void keeps_everything_without_limits_on_a_disk_with_room() =>
        Assert.Null(None.ReasonFor(Now.AddYears(-50), Now));

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "age")]
    public void lets_a_file_go_when_it_is_older_than_the_limit_and_not_before(int ticks, string? reason)
    {
        CleanupRule rule = None with { Limits = new CleanupLimits(30, null) };

        Assert.Equal(reason, rule.ReasonFor(Now.AddDays(-30).AddTicks(-ticks), Now));
    }

    [Fact]
    public void keeps_a_file_from_the_future() =>
        Assert.Null((None with { Limits = new CleanupLimits(1, null) }).ReasonFor(Now.AddYears(5), Now));

    [Theory]
    [InlineData(1_000, null)]
    [InlineData(999, "size")]
    public void lets_a_file_go_while_all_are_larger_than_the_limit(long max, string? reason) =>
        Assert.Equal(reason, (None with { Limits = new CleanupLimits(null, max) }).ReasonFor(Now, Now));

    [Fact]
    public void stops_when_enough_has_gone()
    {
        CleanupRule rule = new(new CleanupLimits(null, 700), 1_000, 400);

        Assert.Equal("size", rule.ReasonFor(Now, Now));
        Assert.Equal("free_space", rule.Without(300).ReasonFor(Now, Now));
        Assert.Null(rule.Without(400).ReasonFor(Now, Now));
        Assert.Equal(0, rule.Without(5_000).MissingBytes);
    }

    [Fact]
    public void names_the_age_before_the_size_before_the_disk() =>
        Assert.Equal("age", new CleanupRule(new CleanupLimits(30, 1), 1_000, 1_000).ReasonFor(Now.AddDays(-31), Now));
}
