/** Made by generate.go from github.com/traefik/traefik/v3 v3.7.13. How to read it: see ./objects.ts. */
export const ROOT = 'Configuration';

export const FIELDS: Readonly<Record<string, string>> = {
  AddPrefix: 'prefix:string',
  BasicAuth: 'users:[string] usersFile:string realm:string removeHeader:bool headerField:string',
  Buffering:
    'maxRequestBodyBytes:int memRequestBodyBytes:int maxResponseBodyBytes:int memResponseBodyBytes:int retryExpression:string',
  CertAndStores: 'certFile:string keyFile:string stores:[string]',
  Certificate: 'certFile:string keyFile:string',
  Chain: 'middlewares:[string]',
  CircuitBreaker:
    'expression:string checkPeriod:duration fallbackDuration:duration recoveryDuration:duration responseCode:int',
  ClientAuth: 'caFiles:[string] clientAuthType:string',
  ClientTLS: 'ca:string cert:string key:string insecureSkipVerify:bool',
  ClientTLS_: 'ca:string cert:string key:string insecureSkipVerify:bool caOptional:bool',
  Compress:
    'excludedContentTypes:[string] includedContentTypes:[string] minResponseBodyBytes:int encodings:[string] defaultEncoding:string',
  Configuration: 'http:HTTPConfiguration tcp:TCPConfiguration udp:UDPConfiguration tls:TLSConfiguration',
  ContentType: 'autoDetect:bool',
  Cookie: 'name:string secure:bool httpOnly:bool sameSite:string maxAge:int path:string domain:string',
  DigestAuth: 'users:[string] usersFile:string removeHeader:bool realm:string headerField:string',
  Domain: 'main:string sans:[string]',
  EncodedCharacters:
    'allowEncodedSlash:bool allowEncodedBackSlash:bool allowEncodedNullCharacter:bool allowEncodedSemicolon:bool allowEncodedPercent:bool allowEncodedQuestionMark:bool allowEncodedHash:bool',
  ErrorPage: 'status:[string] statusRewrites:{int} service:string query:string errorRequestHeaders:[string]',
  Failover: 'service:string fallback:string healthCheck:HealthCheck? errors:FailoverError',
  FailoverError: 'maxRequestBodyBytes:int status:[string]',
  ForwardAuth:
    'address:string tls:ClientTLS_ trustForwardHeader:bool authResponseHeaders:[string] authResponseHeadersRegex:string authRequestHeaders:[string] maxResponseBodySize:int addAuthCookiesToResponse:[string] headerField:string forwardBody:bool maxBodySize:int preserveLocationHeader:bool preserveRequestMethod:bool authSigninURL:string',
  ForwardingTimeouts:
    'dialTimeout:duration responseHeaderTimeout:duration idleConnTimeout:duration readIdleTimeout:duration pingTimeout:duration',
  GeneratedCert: 'resolver:string domain:Domain',
  GrpcWeb: 'allowOrigins:[string]',
  HRWService: 'name:string weight:int',
  HTTPConfiguration:
    'routers:{Router} services:{Service} middlewares:{Middleware} models:{Model} serversTransports:{ServersTransport}',
  Headers:
    'customRequestHeaders:{string} customResponseHeaders:{string} accessControlAllowCredentials:bool accessControlAllowHeaders:[string] accessControlAllowMethods:[string] accessControlAllowOriginList:[string] accessControlAllowOriginListRegex:[string] accessControlExposeHeaders:[string] accessControlMaxAge:int addVaryHeader:bool allowedHosts:[string] hostsProxyHeaders:[string] sslProxyHeaders:{string} stsSeconds:int stsIncludeSubdomains:bool stsPreload:bool forceSTSHeader:bool frameDeny:bool customFrameOptionsValue:string contentTypeNosniff:bool browserXssFilter:bool customBrowserXSSValue:string contentSecurityPolicy:string contentSecurityPolicyReportOnly:string publicKey:string referrerPolicy:string permissionsPolicy:string isDevelopment:bool featurePolicy:string sslRedirect:bool sslTemporaryRedirect:bool sslHost:string sslForceHost:bool',
  HealthCheck: '',
  HighestRandomWeight: 'services:[HRWService] healthCheck:HealthCheck?',
  IPAllowList: 'sourceRange:[string] ipStrategy:IPStrategy? rejectStatusCode:int?',
  IPStrategy: 'depth:int excludedIPs:[string] ipv6Subnet:int',
  IPWhiteList: 'sourceRange:[string] ipStrategy:IPStrategy?',
  InFlightReq: 'amount:int sourceCriterion:SourceCriterion',
  Middleware:
    'addPrefix:AddPrefix stripPrefix:StripPrefix stripPrefixRegex:StripPrefixRegex replacePath:ReplacePath replacePathRegex:ReplacePathRegex chain:Chain ipWhiteList:IPWhiteList ipAllowList:IPAllowList headers:Headers encodedCharacters:EncodedCharacters errors:ErrorPage rateLimit:RateLimit redirectRegex:RedirectRegex redirectScheme:RedirectScheme basicAuth:BasicAuth digestAuth:DigestAuth forwardAuth:ForwardAuth inFlightReq:InFlightReq buffering:Buffering circuitBreaker:CircuitBreaker compress:Compress? passTLSClientCert:PassTLSClientCert retry:Retry contentType:ContentType? grpcWeb:GrpcWeb plugin:{{any}}',
  MirrorService: 'name:string percent:int',
  Mirroring:
    'service:string mirrorBody:bool maxBodySize:int mirrors:[MirrorService] healthCheck:HealthCheck?',
  Model: 'middlewares:[string] tls:RouterTLSConfig? observability:RouterObservabilityConfig',
  Options:
    'minVersion:string maxVersion:string cipherSuites:[string] curvePreferences:[string] clientAuth:ClientAuth sniStrict:bool alpnProtocols:[string] disableSessionTickets:bool preferServerCipherSuites:bool',
  PassTLSClientCert: 'pem:bool info:TLSClientCertificateInfo',
  PassiveServerHealthCheck: 'failureWindow:duration maxFailedAttempts:int',
  ProxyProtocol: 'version:int',
  RateLimit: 'average:int period:duration burst:int sourceCriterion:SourceCriterion redis:Redis',
  RedirectRegex: 'regex:string replacement:string permanent:bool',
  RedirectScheme: 'scheme:string port:string permanent:bool',
  Redis:
    'endpoints:[string] tls:ClientTLS username:string password:string db:int poolSize:int minIdleConns:int maxActiveConns:int readTimeout:duration writeTimeout:duration dialTimeout:duration',
  ReplacePath: 'path:string',
  ReplacePathRegex: 'regex:string replacement:string',
  ResponseForwarding: 'flushInterval:duration',
  Retry:
    'attempts:int timeout:duration initialInterval:duration maxRequestBodyBytes:int status:[string] disableRetryOnNetworkError:bool retryNonIdempotentMethod:bool',
  Router:
    'entryPoints:[string] middlewares:[string] service:string rule:string parentRefs:[string] ruleSyntax:string priority:int tls:RouterTLSConfig? observability:RouterObservabilityConfig',
  RouterObservabilityConfig: 'accessLogs:bool metrics:bool tracing:bool traceVerbosity:string',
  RouterTCPTLSConfig: 'passthrough:bool options:string certResolver:string domains:[Domain]',
  RouterTLSConfig: 'options:string certResolver:string domains:[Domain]',
  Server: 'url:string weight:int preservePath:bool',
  ServerHealthCheck:
    'scheme:string mode:string path:string method:string status:int port:int interval:duration unhealthyInterval:duration timeout:duration hostname:string followRedirects:bool headers:{string}',
  ServersLoadBalancer:
    'sticky:Sticky? servers:[Server] strategy:string healthCheck:ServerHealthCheck passiveHealthCheck:PassiveServerHealthCheck passHostHeader:bool responseForwarding:ResponseForwarding serversTransport:string',
  ServersTransport:
    'serverName:string insecureSkipVerify:bool rootCAs:[string] certificates:[Certificate] cipherSuites:[string] minVersion:string maxVersion:string maxIdleConnsPerHost:int forwardingTimeouts:ForwardingTimeouts disableHTTP2:bool peerCertURI:string spiffe:Spiffe?',
  Service:
    'middlewares:[string] loadBalancer:ServersLoadBalancer highestRandomWeight:HighestRandomWeight weighted:WeightedRoundRobin mirroring:Mirroring failover:Failover',
  SourceCriterion: 'ipStrategy:IPStrategy requestHeaderName:string requestHost:bool',
  Spiffe: 'ids:[string] trustDomain:string',
  Sticky: 'cookie:Cookie?',
  Store: 'defaultCertificate:Certificate defaultGeneratedCert:GeneratedCert',
  StripPrefix: 'prefixes:[string] forceSlash:bool',
  StripPrefixRegex: 'regex:[string]',
  TCPConfiguration:
    'routers:{TCPRouter} services:{TCPService} middlewares:{TCPMiddleware} serversTransports:{TCPServersTransport}',
  TCPIPAllowList: 'sourceRange:[string]',
  TCPIPWhiteList: 'sourceRange:[string]',
  TCPInFlightConn: 'amount:int',
  TCPMiddleware: 'inFlightConn:TCPInFlightConn ipWhiteList:TCPIPWhiteList ipAllowList:TCPIPAllowList',
  TCPRouter:
    'entryPoints:[string] middlewares:[string] service:string rule:string ruleSyntax:string priority:int tls:RouterTCPTLSConfig?',
  TCPServer: 'address:string tls:bool',
  TCPServerHealthCheck:
    'port:int send:string expect:string interval:duration unhealthyInterval:duration timeout:duration',
  TCPServersLoadBalancer:
    'servers:[TCPServer] serversTransport:string proxyProtocol:ProxyProtocol? terminationDelay:int healthCheck:TCPServerHealthCheck?',
  TCPServersTransport:
    'dialKeepAlive:duration dialTimeout:duration proxyProtocol:ProxyProtocol? terminationDelay:duration tls:TLSClientConfig?',
  TCPService: 'loadBalancer:TCPServersLoadBalancer weighted:TCPWeightedRoundRobin',
  TCPWRRService: 'name:string weight:int',
  TCPWeightedRoundRobin: 'services:[TCPWRRService] healthCheck:HealthCheck?',
  TLSClientCertificateInfo:
    'notAfter:bool notBefore:bool sans:bool serialNumber:bool subject:TLSClientCertificateSubjectDNInfo issuer:TLSClientCertificateIssuerDNInfo',
  TLSClientCertificateIssuerDNInfo:
    'country:bool province:bool locality:bool organization:bool commonName:bool serialNumber:bool domainComponent:bool',
  TLSClientCertificateSubjectDNInfo:
    'country:bool province:bool locality:bool organization:bool organizationalUnit:bool commonName:bool serialNumber:bool domainComponent:bool',
  TLSClientConfig:
    'serverName:string insecureSkipVerify:bool rootCAs:[string] certificates:[Certificate] peerCertURI:string spiffe:Spiffe?',
  TLSConfiguration: 'certificates:[CertAndStores] options:{Options} stores:{Store}',
  UDPConfiguration: 'routers:{UDPRouter} services:{UDPService}',
  UDPRouter: 'entryPoints:[string] service:string',
  UDPServer: 'address:string',
  UDPServersLoadBalancer: 'servers:[UDPServer]',
  UDPService: 'loadBalancer:UDPServersLoadBalancer weighted:UDPWeightedRoundRobin',
  UDPWRRService: 'name:string weight:int',
  UDPWeightedRoundRobin: 'services:[UDPWRRService]',
  WRRService: 'name:string weight:int',
  WeightedRoundRobin: 'services:[WRRService] sticky:Sticky healthCheck:HealthCheck?',
};
