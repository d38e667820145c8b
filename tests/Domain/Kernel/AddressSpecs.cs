using System.Text.Json;
using Events.Application;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Domain.Kernel;

public sealed class A_source_address
{
    private const string Planted = "s3cr3tM4rk";

    /// <summary>What a URL gives a meaning to, and what it has no place for.</summary>
    private static readonly string[] Hostile =
        ["", "/", "?", "#", "@", ":", "\\", "%", "%40", "%2F", "&", "=", " ", "\t", "é", "12", "12/", "12#", "12?", "[", "]", "::1"];

    [Theory]
    [InlineData("rtsp://10.0.0.5/main", "rtsp://10.0.0.5/main")]
    [InlineData("RTSP://Gate.Example:8554/main?channel=1", "rtsp://gate.example:8554/main?channel=1")]
    [InlineData("rtsps://10.0.0.5:322/", "rtsps://10.0.0.5:322/")]
    [InlineData("rtsp://[fe80::1]:554/x", "rtsp://[fe80::1]:554/x")]
    [InlineData("http://10.0.0.5:80/video", "http://10.0.0.5/video")]
    [InlineData("https://cam.example/live.m3u8", "https://cam.example/live.m3u8")]
    [InlineData("rtsp://10.0.0.5/süd", "rtsp://10.0.0.5/s%C3%BCd")]
    [InlineData("rtsp://10.0.0.5/a%40b", "rtsp://10.0.0.5/a%40b")]
    [InlineData("v4l2:/dev/video0", "v4l2:/dev/video0")]
    [InlineData("file:///clips/gate.mp4", "file:///clips/gate.mp4")]
    [InlineData("test:pattern?size=1280x720&fps=30", "test:pattern?size=1280x720&fps=30")]
    public void is_written_in_one_way(string text, string written) => Assert.Equal(written, SourceUrl.TryParse(text)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("gate")]
    [InlineData("10.0.0.5")]
    [InlineData("10.0.0.5:554/main")]
    [InlineData("rtsp:")]
    [InlineData("rtsp://")]
    [InlineData("rtsp:///main")]
    [InlineData("rtsp:main")]
    [InlineData("rtsp://10.0.0.5:99999/main")]
    [InlineData("rtsp://10.0.0.5/a b")]
    [InlineData(" rtsp://10.0.0.5/main")]
    [InlineData("rtsp://10.0.0.5/main\n")]
    [InlineData("rtsp://10.0.0.5/\0")]
    [InlineData("rtsp://ada:pass@10.0.0.5/main")]
    [InlineData("rtsp://ada@10.0.0.5/main")]
    [InlineData("rtsp://@10.0.0.5/main")]
    [InlineData("rtsp://10.0.0.5/main@evening")]
    [InlineData("ftp://10.0.0.5/main")]
    [InlineData("javascript:alert(1)")]
    [InlineData("concat:/etc/passwd")]
    [InlineData("data:text/plain,hello")]
    [InlineData("v4l2:/etc/passwd")]
    [InlineData("v4l2:/dev/../etc/passwd")]
    [InlineData("v4l2:/dev/%2e%2e/etc/passwd")]
    [InlineData("v4l2:/dev/.%2E/etc/passwd")]
    [InlineData("v4l2://host/dev/video0")]
    [InlineData("file://server/share/gate.mp4")]
    [InlineData("file:///")]
    [InlineData("test:")]
    [InlineData("test:ada:pass@pattern")]
    public void is_refused(string text)
    {
        Assert.Null(SourceUrl.TryParse(text));
        Assert.DoesNotContain("pass", SourceAddress.TryParse(text)?.Source.ToString() ?? string.Empty);
    }

    [Fact]
    public void has_a_bounded_length_as_it_is_stored()
    {
        const string Start = "rtsp://10.0.0.5/";
        string longest = Start + new string('n', SourceUrl.LengthMax - Start.Length);

        Assert.NotNull(SourceUrl.TryParse(longest));
        Assert.Null(SourceUrl.TryParse(longest + "n"));
        Assert.Null(SourceUrl.TryParse(Start + new string('é', SourceUrl.LengthMax - Start.Length)));
        Assert.Null(SourceAddress.TryParse(new string('n', 10_000_000)));
    }

    [Theory]
    [InlineData("rtsp://ada:pass@10.0.0.5:554/main", "rtsp://10.0.0.5:554/main", "ada", "pass")]
    [InlineData("rtsp://ada:pa%40ss%2F@10.0.0.5/main", "rtsp://10.0.0.5/main", "ada", "pa@ss/")]
    [InlineData("rtsp://ada:pa:ss@10.0.0.5/main", "rtsp://10.0.0.5/main", "ada", "pa:ss")]
    [InlineData("rtsp://ada@10.0.0.5/main", "rtsp://10.0.0.5/main", "ada", "")]
    [InlineData("rtsp://:pass@10.0.0.5/main", "rtsp://10.0.0.5/main", "", "pass")]
    [InlineData("http://ada:pass@10.0.0.5/main?x=1", "http://10.0.0.5/main?x=1", "ada", "pass")]
    [InlineData("rtsp://ada:pass@[::1]:554/main", "rtsp://[::1]:554/main", "ada", "pass")]
    public void is_taken_apart_into_where_and_who(string text, string source, string userName, string password)
    {
        SourceAddress address = SourceAddress.TryParse(text)!;

        Assert.Equal(source, address.Source.ToString());
        Assert.Equal(new SourceCredentials(userName, password), address.Credentials);
    }

    [Theory]
    [InlineData("rtsp://10.0.0.5/main")]
    [InlineData("http://10.0.0.5:80/a%20b")]
    [InlineData("https://cam.example:8443/live?x=%C3%A9&y=1")]
    public void means_the_same_place_with_and_without_credentials(string text) =>
        Assert.Equal(
            SourceAddress.TryParse(text)!.Source, SourceAddress.TryParse(text.Replace("://", "://ada:pass@", StringComparison.Ordinal))!.Source);

    [Theory]
    [InlineData("rtsp://ada:pass@10.0.0.5/a b")]
    [InlineData(" rtsp://ada:pass@10.0.0.5/main")]
    [InlineData("rtsp://ada:pass@10.0.0.5/main\r\n")]
    [InlineData("rtsp://ada:pa\0ss@10.0.0.5/main")]
    [InlineData("rtsp://ada:pa%00ss@10.0.0.5/main")]
    [InlineData("rtsp://ada%0d%0a:pass@10.0.0.5/main")]
    [InlineData("rtsp://ada:pass@10.0.0.5/main@evening")]
    public void is_as_strict_with_credentials_as_without(string text) => Assert.Null(SourceAddress.TryParse(text));

    [Theory]
    [InlineData("rtsp://h/user=ada&password=x&channel=1", "rtsp://h/user=***&password=***&channel=1")]
    [InlineData("rtsp://h/user=ada_password=x_channel=1_stream=0.sdp?real_stream", "rtsp://h/user=***_password=***_channel=1_stream=0.sdp")]
    [InlineData("rtsp://h/user=ada;password=x;channel=2", "rtsp://h/user=***;password=***;channel=2")]
    [InlineData("rtsp://h/live?User=ada&PWD=x", "rtsp://h/live?User=***&PWD=***")]
    [InlineData("http://h/videostream.cgi?loginuse=ada&loginpas=x", "http://h/videostream.cgi?loginuse=***&loginpas=***")]
    [InlineData("rtsp://h/cam/realmonitor?channel=1&subtype=0&authbasic=eA==", "rtsp://h/cam/realmonitor?channel=1&subtype=0&authbasic=***")]
    [InlineData("https://h/live.m3u8?access_token=x.y-z", "https://h/live.m3u8?access_token=***")]
    [InlineData("https://h/live.m3u8?api_key=x#t=1", "https://h/live.m3u8?api_key=***")]
    [InlineData("rtsp://h/user%3Dada%26password%3Dx", "rtsp://h/user%3D***%26password%3D***")]
    [InlineData("rtsp://h/password=12/34&channel=1", "rtsp://h/password=***&channel=1")]
    [InlineData("rtsp://h/password=a_b=c_channel=1", "rtsp://h/password=***_channel=1")]
    [InlineData("rtsp://h/password=x&tail&room=7", "rtsp://h/password=***")]
    [InlineData("rtsp://h/password=&channel=1", "rtsp://h/password=***&channel=1")]
    public void keeps_its_whole_self_apart_when_its_parameters_are_credentials(string text, string shown)
    {
        SourceAddress address = SourceAddress.TryParse(text)!;

        Assert.Equal(shown, address.Source.ToString());
        Assert.Equal(new SourceCredentials("", "", text), address.Credentials);
        Assert.Equal(shown, CredentialParameters.Hide(shown));
    }

    [Fact]
    public void may_have_credentials_before_the_host_and_among_its_parameters()
    {
        SourceAddress address = SourceAddress.TryParse("rtsp://ada:pass@10.0.0.5/live?token=x")!;

        Assert.Equal("rtsp://10.0.0.5/live?token=***", address.Source.ToString());
        Assert.Equal(new SourceCredentials("ada", "pass", "rtsp://10.0.0.5/live?token=x"), address.Credentials);
    }

    [Theory]
    [InlineData("rtsp://10.0.0.5/cam/realmonitor?channel=1&subtype=0")]
    [InlineData("rtsp://10.0.0.5/Streaming/Channels/101?transportmode=unicast")]
    [InlineData("rtsp://10.0.0.5/axis-media/media.amp?videocodec=h264&resolution=640x480")]
    [InlineData("rtsp://10.0.0.5/users/password")]
    [InlineData("test:pattern?size=1280x720&fps=30")]
    public void shows_parameters_that_are_no_credentials(string text) =>
        Assert.Equal((text, null), (SourceAddress.TryParse(text)!.Source.ToString(), SourceAddress.TryParse(text)!.Credentials));

    [Theory]
    [InlineData("rtsp://***@10.0.0.5/main")]
    [InlineData("rtsp://10.0.0.5/user=***&password=***&channel=1")]
    [InlineData("rtsp://10.0.0.5/live?token=***")]
    public void is_refused_when_it_was_copied_from_where_it_is_masked(string text) => Assert.Null(SourceAddress.TryParse(text));

    [Fact]
    public void prints_no_credentials()
    {
        SourceAddress hidden = SourceAddress.TryParse($"rtsp://10.0.0.5/user=ada&password={Planted}")!;
        Assert.DoesNotContain(Planted, hidden.ToString());
        Assert.DoesNotContain(Planted, new CameraTarget(Samples.Gate, Samples.Number, hidden.Source, hidden.Credentials).ToString());

        SourceAddress address = SourceAddress.TryParse($"rtsp://ada:{Planted}@10.0.0.5/main")!;

        Assert.DoesNotContain(Planted, address.ToString());
        Assert.DoesNotContain(Planted, new CameraTarget(Samples.Gate, Samples.Number, address.Source, address.Credentials).ToString());
        Assert.DoesNotContain(Planted, new AddCamera(Samples.Gate, "Gate", $"rtsp://ada:{Planted}@10.0.0.5/main").ToString());
        Assert.DoesNotContain(Planted, new MoveCamera(Samples.Gate, $"rtsp://ada:{Planted}@10.0.0.5/main").ToString());
    }

    [Fact]
    public void keeps_a_planted_password_out_of_every_fact()
    {
        Gen<string> text =
            from scheme in Gen.Elements("rtsp", "rtsps", "http", "https", "file", "test", "v4l2")
            from slashes in Gen.Elements("://", ":", ":/", ":///")
            from user in Gen.Elements("ada", "", "ada:", "a%20b", "1")
            from before in Gen.Elements(Hostile)
            from after in Gen.Elements(Hostile)
            from rest in Gen.Elements("10.0.0.5/main", "10.0.0.5:554/main?x=1", "host", "/dev/video0", "[::1]/x", "h@ost/x")
            select $"{scheme}{slashes}{user}:{before}{Planted}{after}@{rest}";
        AssertNeverStored(text);
    }

    [Fact]
    public void keeps_a_planted_parameter_out_of_every_fact()
    {
        Gen<string> text =
            from start in Gen.Elements("rtsp://10.0.0.5/", "rtsp://ada:x@10.0.0.5/live?", "http://h/a/b?channel=1&", "test:pattern?", "file:///")
            from first in Gen.Elements("", "user=ada&", "user=ada_", "USR=ada;", "login=ada/", "stream=0_")
            from name in Gen.Elements(
                "user", "usr", "username", "login", "account", "pwd", "pass", "passwd", "PassWord", "psw", "token", "access_token", "auth",
                "key", "api-key", "secret", "authbasic", "loginpas", "password%3D", "stream_password", "session", "u", "p")
            from before in Gen.Elements(Hostile)
            from after in Gen.Elements([.. Hostile, "_", ";", ",", "=x", "%26", "&b=", "_b=", "..", "*"])
            from end in Gen.Elements("", "&channel=1", "_channel=1_stream=0.sdp?real_stream", "/main", "#t=1", "&user=x")
            select $"{start}{first}{name}={before}{Planted}{after}{end}";
        AssertNeverStored(text);
    }

    private static void AssertNeverStored(Gen<string> text)
    {
        int accepted = 0;
        Prop.ForAll(text.ToArbitrary(), hostile =>
        {
            SourceAddress? address = SourceAddress.TryParse(hostile);
            if (address is null)
            {
                return true;
            }

            accepted++;
            var fact = new CameraRegistered(Samples.Gate, Samples.Number, "Gate", address.Source, Spec.Now);
            string stored = JsonSerializer.Serialize(fact, EventTypes.Catalogue.Of(fact).Json);
            return !address.Source.ToString().Contains(Planted, StringComparison.OrdinalIgnoreCase)
                && !fact.ToString().Contains(Planted, StringComparison.OrdinalIgnoreCase)
                && !stored.Contains(Planted, StringComparison.OrdinalIgnoreCase);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
        Assert.True(accepted > 100, $"Only {accepted} addresses were accepted.");
    }

    [Fact]
    public void is_read_from_the_log_as_it_was_written()
    {
        Gen<string> text =
            from start in Gen.Elements("rtsp://h/", "http://h:80/", "file:///", "test:", "v4l2:/dev/", "/", "rtsp://é.example/")
            from parts in Gen.Elements([.. Hostile, "a", "..", ".", "%25", "%zz", "+", "~", "|", "\"", "<", "\ud83d", "📷"]).ListOf()
            select start + string.Concat(parts);
        Prop.ForAll(text.ToArbitrary(), hostile =>
            SourceUrl.TryParse(hostile) is not { } source
            || (SourceUrl.TryParse(source.ToString()) is { } again
                && again == source
                && again.ToString() == source.ToString())).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void never_fails_on_any_text() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>().Filter(text => text is not null), text =>
            SourceUrl.TryParse(text) is null || SourceAddress.TryParse(text) is not null).QuickCheckThrowOnFailure();
}

public sealed class A_camera_number
{
    [Theory]
    [InlineData("camera0", 0)]
    [InlineData("camera7", 7)]
    [InlineData("camera9999", 9999)]
    public void is_read(string text, int value) => Assert.Equal(new CameraNumber(value), CameraNumber.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("camera")]
    [InlineData("camera-1")]
    [InlineData("camera+1")]
    [InlineData("camera 1")]
    [InlineData("camera1 ")]
    [InlineData("camera01")]
    [InlineData("camera1.0")]
    [InlineData("camera1,000")]
    [InlineData("Camera1")]
    [InlineData("camera٣")]
    [InlineData("camera2147483648")]
    [InlineData("camera99999999999999999999999999")]
    [InlineData("camera1\0")]
    public void is_not_read(string text) => Assert.Null(CameraNumber.TryParse(text));

    [Fact]
    public void is_read_as_it_is_written() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), value =>
            CameraNumber.TryParse(new CameraNumber(value).ToString()) == new CameraNumber(value)).QuickCheckThrowOnFailure();
}

public sealed class A_stored_name
{
    [Theory]
    [InlineData("CameraRegistered", "camera_registered")]
    [InlineData("IPCameraV2Added", "ip_camera_v2_added")]
    [InlineData("CameraView", "camera_view")]
    [InlineData("Camera", "camera")]
    [InlineData("HTTPServer", "http_server")]
    [InlineData("RecordingSegmentCommitted", "recording_segment_committed")]
    [InlineData("ABC", "abc")]
    [InlineData("CameraV2", "camera_v2")]
    public void breaks_where_a_word_begins(string typeName, string stored) => Assert.Equal(stored, StoredName.Of(typeName));
}
