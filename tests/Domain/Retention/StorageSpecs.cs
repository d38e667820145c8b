using Events.Domain.Retention;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Retention;

public sealed class A_disk
{
    private static readonly StorageRule Rule = new(80, 90);

    private static Spec.Stage<Storage, ReportStorageUse, StorageLevelChanged> Story => For(Storage.Decider);

    [Fact]
    public void is_normal_before_anybody_looked() => Assert.Equal(StorageLevel.Normal, Story.State.Level);

    [Fact]
    public void says_when_it_crosses_a_threshold() =>
        Story.When(Used(80)).Then(new StorageLevelChanged(StorageLevel.Low, 1_000, 200, Now));

    [Fact]
    public void without_a_size_counts_as_full() =>
        Story.When(new ReportStorageUse(Rule, 0, 0)).Then(new StorageLevelChanged(StorageLevel.Critical, 0, 0, Now));

    [Fact]
    public void answers_every_use_in_every_state() =>
        new DecisionTable<Storage, ReportStorageUse, StorageLevelChanged>(Storage.Decider)
            .State("Storage (normal)")
            .State("Storage (low)", At(StorageLevel.Low))
            .State("Storage (critical)", At(StorageLevel.Critical))
            .Command(Used(77.9), "77.9")
            .Command(Used(78), "78.0")
            .Command(Used(79.9), "79.9")
            .Command(Used(80), "80.0")
            .Command(Used(87.9), "87.9")
            .Command(Used(88), "88.0")
            .Command(Used(89.9), "89.9")
            .Command(Used(90), "90.0")
            .Command(Used(100), "100")
            .Holds("""
                                        | Storage (normal)    | Storage (low)       | Storage (critical)
                ReportStorageUse (77.9) | nothing             | StorageLevelChanged | StorageLevelChanged
                ReportStorageUse (78.0) | nothing             | nothing             | StorageLevelChanged
                ReportStorageUse (79.9) | nothing             | nothing             | StorageLevelChanged
                ReportStorageUse (80.0) | StorageLevelChanged | nothing             | StorageLevelChanged
                ReportStorageUse (87.9) | StorageLevelChanged | nothing             | StorageLevelChanged
                ReportStorageUse (88.0) | StorageLevelChanged | nothing             | nothing
                ReportStorageUse (89.9) | StorageLevelChanged | nothing             | nothing
                ReportStorageUse (90.0) | StorageLevelChanged | StorageLevelChanged | nothing
                ReportStorageUse (100)  | StorageLevelChanged | StorageLevelChanged | nothing
                """);

    [Theory]
    [InlineData(1, 0.6, StorageLevel.Low)]
    [InlineData(1, 0.4, StorageLevel.Normal)]
    [InlineData(3, 1.6, StorageLevel.Low)]
    [InlineData(3, 1.4, StorageLevel.Normal)]
    public void comes_back_from_a_threshold_that_is_smaller_than_the_margin(double warn, double used, StorageLevel level) =>
        Assert.Equal(level, new StorageRule(warn, 90).LevelAfter(StorageLevel.Low, used));

    [Theory]
    [InlineData(StorageLevel.Normal, 79, 1_000, 0)]
    [InlineData(StorageLevel.Low, 80, 1_000, 21)]
    [InlineData(StorageLevel.Low, 79, 1_000, 11)]
    [InlineData(StorageLevel.Critical, 95, 1_000, 171)]
    [InlineData(StorageLevel.Critical, 95, 171, 171)]
    [InlineData(StorageLevel.Critical, 95, 170, 71)]
    [InlineData(StorageLevel.Critical, 95, 71, 71)]
    [InlineData(StorageLevel.Critical, 95, 70, 0)]
    [InlineData(StorageLevel.Low, 85, 70, 0)]
    public void lacks_what_leads_to_normal_or_else_out_of_critical_or_nothing(
        StorageLevel level, double usedPercent, long deletableBytes, long missing) =>
        Assert.Equal(missing, Rule.MissingBytes(level, 1_000, 1_000 - (long)(usedPercent * 10), deletableBytes));

    [Fact]
    public void is_normal_when_what_it_lacks_has_gone() =>
        Prop.ForAll(
            Gen.Choose(1, 1_000_000).ToArbitrary(),
            Gen.Choose(0, 100).ToArbitrary(),
            Gen.Choose(2, 60).ToArbitrary(),
            (total, percent, warn) =>
            {
                var rule = new StorageRule(warn, warn + 30);
                long used = (long)total * percent / 100;
                StorageLevel level = rule.LevelAfter(StorageLevel.Normal, 100.0 * used / total);
                long missing = rule.MissingBytes(level, total, total - used, used);
                return missing <= used
                    && rule.LevelAfter(level, 100.0 * (used - missing) / total) is StorageLevel.Normal;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void is_emptied_to_the_last_byte_where_less_is_too_much()
    {
        var rule = new StorageRule(2, 32);

        Assert.Equal(50, rule.MissingBytes(StorageLevel.Critical, 50, 0, 50));
    }

    private static ReportStorageUse Used(double percent) => new(Rule, 1_000, 1_000 - (long)Math.Round(percent * 10));

    private static StorageLevelChanged At(StorageLevel level) => new(level, 1_000, 0, Now.AddDays(-1));
}
