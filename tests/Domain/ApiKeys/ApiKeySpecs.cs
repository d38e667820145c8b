using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.ApiKeys;

public sealed class A_key
{
    private const string Other = "1f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private static readonly ApiKeyId Key = Samples.Key;
    private static readonly ApiKeyLimits Limits = new(Role.Operator, Samples.Both, "10.0.0.0/8 10.1.0.0/16", Now.AddDays(2));
    private static readonly ApiKeyLimits Narrow = new(Role.Viewer, CameraList.From([Samples.Gate]), "10.0.0.0/8", Now.AddDays(1));

    private static readonly ApiKeyIssued Issued = new(
        Key, "Wall", Limits.Role, Limits.Cameras, Limits.Addresses, Limits.ExpiresAt, Samples.Hash, Now.AddDays(-1));

    private static readonly ApiKeySuspended Suspended = new(Key, "Lost", Now);

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<ApiKey, ApiKeyCommand, ApiKeyEvent>(ApiKey.Decider)
            .State("NotIssued")
            .State("Issued", Issued)
            .State("Issued (suspended)", Issued, Suspended)
            .State("Issued (over)", Issued with { ExpiresAt = Now })
            .State("Ended", Issued, new ApiKeyRevoked(Key, "Lost", Now))
            .Command(new IssueApiKey(Key, "Wall", Limits, Samples.Hash))
            .Command(new IssueApiKey(Key, "Wall", Limits, Other), "again")
            .Command(new RotateApiKey(Key, Other, 60))
            .Command(new RotateApiKey(Key, Samples.Hash, 60), "same")
            .Command(new NarrowApiKey(Key, Narrow))
            .Command(new NarrowApiKey(Key, Limits with { Cameras = null }), "wider")
            .Command(new SuspendApiKey(Key, "Lost"))
            .Command(new ResumeApiKey(Key))
            .Command(new RevokeApiKey(Key, "Lost"))
            .Command(new ExpireApiKey(Key))
            .Command(new ReportApiKeyUse(Key, "node1", 3, Now.AddMinutes(-5), Now))
            .Holds("""
                                     | NotIssued             | Issued                 | Issued (suspended)     | Issued (over)          | Ended
                IssueApiKey          | ApiKeyIssued          | nothing                | nothing                | api_key.already_issued | api_key.already_issued
                IssueApiKey (again)  | ApiKeyIssued          | api_key.already_issued | api_key.already_issued | api_key.already_issued | api_key.already_issued
                RotateApiKey         | api_key.not_found     | ApiKeyRotated          | ApiKeyRotated          | api_key.ended          | api_key.ended
                RotateApiKey (same)  | api_key.not_found     | nothing                | nothing                | api_key.ended          | api_key.ended
                NarrowApiKey         | api_key.not_found     | ApiKeyNarrowed         | ApiKeyNarrowed         | api_key.ended          | api_key.ended
                NarrowApiKey (wider) | api_key.not_found     | api_key.wider          | api_key.wider          | api_key.ended          | api_key.ended
                SuspendApiKey        | api_key.not_found     | ApiKeySuspended        | nothing                | api_key.ended          | api_key.ended
                ResumeApiKey         | api_key.not_found     | nothing                | ApiKeyResumed          | api_key.ended          | api_key.ended
                RevokeApiKey         | api_key.not_found     | ApiKeyRevoked          | ApiKeyRevoked          | ApiKeyRevoked          | nothing
                ExpireApiKey         | api_key.not_found     | nothing                | nothing                | ApiKeyExpired          | nothing
                ReportApiKeyUse      | api_key.not_found     | ApiKeyUsed             | ApiKeyUsed             | ApiKeyUsed             | ApiKeyUsed
                """);

    [Fact]
    public void keeps_its_old_secret_for_as_long_as_was_asked() =>
        For(ApiKey.Decider).Given(Issued)
            .When(new RotateApiKey(Key, Other, 90))
            .Then(new ApiKeyRotated(Key, Other, Now.AddSeconds(90), Now));

    [Theory]
    [InlineData(-1)]
    [InlineData(ApiKeyRefusals.OverlapSMax + 1)]
    public void has_two_secrets_for_a_bounded_time_only(int seconds) =>
        For(ApiKey.Decider).Given(Issued).When(new RotateApiKey(Key, Other, seconds)).ThenRefused(ApiKeyRefusals.BadOverlap);

    public static TheoryData<ApiKeyLimits, bool> Changes => new()
    {
        { Narrow, true },
        { Limits with { Role = Role.Viewer }, true },
        { Limits with { Role = Role.Admin }, false },
        { Limits with { Role = Role.Auditor }, false },
        { Limits with { Cameras = CameraList.From([Samples.Yard]) }, true },
        { Limits with { Cameras = CameraList.From([CameraId.New()]) }, false },
        { Limits with { Cameras = null }, false },
        { Limits with { Addresses = "10.1.0.0/16" }, true },
        { Limits with { Addresses = "10.2.0.0/16" }, false },
        { Limits with { Addresses = null }, false },
        { Limits with { ExpiresAt = Now.AddDays(3) }, false },
        { Limits with { ExpiresAt = null }, false },
        { Limits with { CallsPerSecondMax = 20 }, true },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void can_be_made_to_do_less_and_never_more(ApiKeyLimits limits, bool isLess)
    {
        var answer = For(ApiKey.Decider).Given(Issued).When(new NarrowApiKey(Key, limits));
        if (isLess)
        {
            answer.Then(new ApiKeyNarrowed(
                Key, limits.Role, limits.Cameras, limits.Addresses, limits.ExpiresAt, Now, limits.CallsPerSecondMax));
        }
        else
        {
            answer.ThenRefused(ApiKeyRefusals.Wider);
        }
    }

    [Theory]
    [InlineData(10, 10, null)]
    [InlineData(10, 9, null)]
    [InlineData(10, 11, "api_key.wider")]
    [InlineData(10, null, "api_key.wider")]
    [InlineData(10, 0, "api_key.bad_rate")]
    [InlineData(null, ApiKeyRefusals.CallsPerSecondMax, null)]
    [InlineData(null, ApiKeyRefusals.CallsPerSecondMax + 1, "api_key.bad_rate")]
    public void calls_as_often_as_before_or_less(int? before, int? after, string? refusal)
    {
        var issued = new ApiKeyIssued(Key, "Wall", Role.Viewer, null, null, null, Samples.Hash, Now, before);
        var answer = For(ApiKey.Decider).Given(issued).When(
            new NarrowApiKey(Key, new ApiKeyLimits(Role.Viewer, null, null, null, after)));
        if (refusal is not null)
        {
            answer.ThenRefused(refusal == ApiKeyRefusals.Wider.Code ? ApiKeyRefusals.Wider : ApiKeyRefusals.BadRate);
        }
        else if (before == after)
        {
            answer.ThenNothing();
        }
        else
        {
            answer.Then(new ApiKeyNarrowed(Key, Role.Viewer, null, null, null, Now, after));
        }

        foreach (int rate in new[] { 0, -1, ApiKeyRefusals.CallsPerSecondMax + 1 })
        {
            For(ApiKey.Decider)
                .When(new IssueApiKey(Key, "Wall", Limits with { CallsPerSecondMax = rate }, Samples.Hash))
                .ThenRefused(ApiKeyRefusals.BadRate);
        }
    }

    [Theory]
    [InlineData(Role.Operator, "Control", Role.Operator, "Control ReadStatus", "api_key.bad_scopes")]
    [InlineData(Role.Operator, "Control SeePictures", Role.Operator, "Control", null)]
    [InlineData(Role.Operator, "Control", Role.Operator, "Control SeePictures", "api_key.wider")]
    [InlineData(Role.Operator, "Control", Role.Operator, null, "api_key.wider")]
    [InlineData(Role.Operator, "SeePictures", Role.Viewer, null, "api_key.wider")]
    [InlineData(Role.Operator, "SeePictures", Role.Viewer, "SeePictures", null)]
    [InlineData(Role.Operator, "SeePictures Control", Role.Viewer, "SeePictures Control", "api_key.bad_scopes")]
    [InlineData(Role.Viewer, null, Role.Viewer, "SeePictures", null)]
    [InlineData(Role.Viewer, "SeePictures", Role.Operator, "SeePictures", "api_key.wider")]
    public void has_as_many_scopes_as_before_or_fewer(Role role, string? scopes, Role next, string? less, string? refusal)
    {
        var issued = new ApiKeyIssued(Key, "Wall", role, null, null, null, Samples.Hash, Now, Scopes: ScopesIn(scopes));
        var answer = For(ApiKey.Decider).Given(issued).When(
            new NarrowApiKey(Key, new ApiKeyLimits(next, null, null, null, Scopes: ScopesIn(less))));
        if (refusal is null)
        {
            answer.Then(new ApiKeyNarrowed(Key, next, null, null, null, Now, Scopes: ScopesIn(less)));
        }
        else
        {
            answer.ThenRefused(refusal == ApiKeyRefusals.Wider.Code ? ApiKeyRefusals.Wider : ApiKeyRefusals.BadScopes);
        }
    }

    [Fact]
    public void has_scopes_of_its_role_alone()
    {
        ApiKeyLimits limits = new(Role.Auditor, null, null, null, Scopes: ScopesIn("ReadAudit"));
        For(ApiKey.Decider)
            .When(new IssueApiKey(Key, "Wall", limits, Samples.Hash))
            .Then(new ApiKeyIssued(Key, "Wall", Role.Auditor, null, null, null, Samples.Hash, Now, Scopes: limits.Scopes));
        For(ApiKey.Decider)
            .When(new IssueApiKey(Key, "Wall", limits with { Scopes = ScopesIn("SeePictures") }, Samples.Hash))
            .ThenRefused(ApiKeyRefusals.BadScopes);
    }

    private static ScopeList? ScopesIn(string? text) =>
        text is null ? null : ScopeList.From(text.Split(' ').Select(Enum.Parse<Right>));

    [Theory]
    [InlineData(Role.Admin)]
    [InlineData(Role.Auditor)]
    public void of_a_role_for_the_whole_is_for_all_cameras(Role role) =>
        For(ApiKey.Decider)
            .When(new IssueApiKey(Key, "Wall", Limits with { Role = role }, Samples.Hash))
            .ThenRefused(ApiKeyRefusals.CamerasOfWholeRole);

    [Fact]
    public void has_a_name_in_one_line_and_ends_in_the_future()
    {
        For(ApiKey.Decider).When(new IssueApiKey(Key, "a\nb", Limits, Samples.Hash)).ThenRefused(ApiKeyRefusals.BadName);
        For(ApiKey.Decider).When(new IssueApiKey(Key, "Wall", Limits with { ExpiresAt = Now }, Samples.Hash))
            .ThenRefused(ApiKeyRefusals.BadExpiry);
        For(ApiKey.Decider).Given(Issued).When(new RevokeApiKey(Key, " ")).ThenRefused(ApiKeyRefusals.BadReason);
        For(ApiKey.Decider).Given(Issued).When(new SuspendApiKey(Key, "")).ThenRefused(ApiKeyRefusals.BadReason);
    }

    [Fact]
    public void counts_what_each_node_reports_once()
    {
        var first = new ReportApiKeyUse(Key, "node1", 3, Now.AddMinutes(-5), Now);
        var told = new ApiKeyUsed(Key, "node1", 3, Now.AddMinutes(-5), Now, Now);
        For(ApiKey.Decider).Given(Issued).When(first).Then(told);
        For(ApiKey.Decider).Given(Issued, told).When(first with { Count = 2, To = Now.AddSeconds(-1) }).ThenNothing();
        For(ApiKey.Decider).Given(Issued, told).When(first with { Node = "node2" }).Then(told with { Node = "node2" });
        For(ApiKey.Decider).Given(Issued).When(first with { Count = 0 }).ThenNothing();
    }
}

public sealed class The_policy
{
    /// <summary>Written down a second time on purpose: a change of who may do what is a change of two places.</summary>
    [Fact]
    public void is_what_was_decided() =>
        Assert.Equal(
            """
            ReadCatalogue: Viewer Operator Admin Auditor
            SeePictures: Viewer Operator Admin
            ReadFacts: Viewer Operator Admin Auditor
            ReadAudit: Auditor Admin
            Control: Operator Admin
            ReadStatus: Admin
            Administer: Admin
            ManageAccess: Admin
            """,
            string.Join('\n', Policy.Table.Select(row => $"{row.Key}: {string.Join(' ', row.Value)}")));

    [Fact]
    public void has_a_row_for_every_right() => Assert.Equal(Enum.GetValues<Right>().Order(), Policy.Table.Keys.Order());

    [Theory]
    [InlineData(Role.Admin, Role.Auditor, true)]
    [InlineData(Role.Admin, Role.Viewer, true)]
    [InlineData(Role.Operator, Role.Viewer, true)]
    [InlineData(Role.Viewer, Role.Auditor, false)]
    [InlineData(Role.Auditor, Role.Viewer, false)]
    [InlineData(Role.Operator, Role.Admin, false)]
    public void knows_which_role_covers_which(Role role, Role other, bool covers) => Assert.Equal(covers, Policy.Covers(role, other));
}

public sealed class A_list_of_scopes
{
    [Fact]
    public void comes_back_from_its_text()
    {
        ScopeList list = ScopeList.From([Right.Control, Right.SeePictures, Right.Control])!;
        Assert.Equal("SeePictures Control", list.Text);
        Assert.Equal(list, ScopeList.TryParse(list.Text));
        Assert.Equal(list.GetHashCode(), ScopeList.TryParse(list.Text)!.GetHashCode());
        Assert.Equal([Right.SeePictures, Right.Control], list.All);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Control  SeePictures")]
    [InlineData("Control Control")]
    [InlineData("control")]
    [InlineData("5")]
    [InlineData("ManageAccess")]
    [InlineData("Control, SeePictures")]
    public void is_nothing_else(string text) => Assert.Null(ScopeList.TryParse(text));

    [Fact]
    public void names_one_right_or_more_but_never_that_of_letting_others_in()
    {
        Assert.Null(ScopeList.From([]));
        Assert.Null(ScopeList.From([Right.Control, Right.ManageAccess]));
        Assert.Null(ScopeList.From([(Right)99]));
        Assert.All(
            Enum.GetValues<Right>(),
            right => Assert.Equal(right is Right.Control, Policy.Allows(Role.Admin, ScopeList.From([Right.Control]), right)));
    }
}

public sealed class A_list_of_cameras
{
    [Fact]
    public void comes_back_from_its_text()
    {
        Assert.Equal(Samples.Both, CameraList.TryParse(Samples.Both.Text));
        Assert.Equal($"{Samples.Gate} {Samples.Yard}", Samples.Both.Text);
        Assert.Equal(Samples.Both, CameraList.From([Samples.Gate, Samples.Yard, Samples.Gate]));
    }

    [Fact]
    public void is_neither_empty_nor_endless()
    {
        Assert.Null(CameraList.From([]));
        Assert.Null(CameraList.TryParse(""));
        Assert.Null(CameraList.TryParse("camera0"));
        Assert.NotNull(CameraList.From(Enumerable.Range(0, CameraList.CountMax).Select(_ => CameraId.New())));
        Assert.Null(CameraList.From(Enumerable.Range(0, CameraList.CountMax + 1).Select(_ => CameraId.New())));
    }
}
